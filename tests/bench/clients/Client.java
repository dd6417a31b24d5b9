import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Java's clients: java.net.http.HttpClient and HttpURLConnection. See README.md. HttpClient may only close connections when
 * started with -Djdk.httpclient.allowRestrictedHeaders=connection.
 */
public final class Client {
  private record Answer(int status, byte[] body) {}

  private interface Caller {
    Answer call() throws IOException, InterruptedException;
  }

  public static void main(String[] args) throws IOException {
    URI url = URI.create(args[1]);
    int count = Integer.parseInt(args[2]);
    byte[] body = Files.readAllBytes(Path.of(args[3]));
    String hash = args[4];
    boolean keep = args[5].equals("1");
    Caller caller = args[0].equals("httpclient") ? httpClient(url, body, hash, keep) : urlConnection(url, body, hash, keep);

    List<Long> latencies = new ArrayList<>();
    int failed = 0;
    int changed = 0;
    for (int i = 0; i < count; ++i) {
      long begin = System.nanoTime();
      try {
        Answer answer = caller.call();
        if (answer.status != 200) {
          ++failed;
        } else if (!Arrays.equals(answer.body, body)) {
          ++changed;
        }
      } catch (IOException | InterruptedException error) {
        ++failed;
        System.err.println(error);
      }
      latencies.add((System.nanoTime() - begin) / 1000);
    }
    System.out.printf("{\"latencies_us\": %s, \"failed\": %d, \"changed\": %d}%n", latencies, failed, changed);
    System.exit(0); // the client's threads would keep the process for a while
  }

  private static Caller httpClient(URI url, byte[] body, String hash, boolean keep) {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest.Builder builder = HttpRequest.newBuilder(url).header("X-Hash", hash).timeout(Duration.ofMinutes(1));
    if (!keep) {
      builder.header("Connection", "close");
    }
    if (body.length > 0) {
      builder.POST(HttpRequest.BodyPublishers.ofByteArray(body));
    }
    HttpRequest request = builder.build();
    return () -> {
      HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      return new Answer(response.statusCode(), response.body());
    };
  }

  private static Caller urlConnection(URI url, byte[] body, String hash, boolean keep) {
    return () -> {
      HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
      connection.setReadTimeout(60_000);
      connection.setRequestProperty("X-Hash", hash);
      if (!keep) {
        connection.setRequestProperty("Connection", "close");
      }
      if (body.length > 0) {
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(body.length);
        try (OutputStream out = connection.getOutputStream()) {
          out.write(body);
        }
      }
      int status = connection.getResponseCode();
      try (InputStream in = connection.getInputStream()) {
        return new Answer(status, in.readAllBytes());
      }
    };
  }
}
