import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The order service for the JVM: the JDK's own server on a cached thread pool, the JDK's own client.
 * Configured by PORT, INVENTORY_URL and PRICING_URL. orders.py is the same service in Python.
 */
public final class Orders {
  private static final String INVENTORY_URL = env("INVENTORY_URL", "http://127.0.0.1:8082");
  private static final String PRICING_URL = env("PRICING_URL", "http://127.0.0.1:8083");
  private static final Pattern NUMBER = Pattern.compile("\"(?:stock|cents)\":\\s*(\\d+)");

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(env("PORT", "8081"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 512);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/orders/", Orders::handle);
    server.start();
  }

  private static void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String order = path.substring(path.lastIndexOf('/') + 1);
      byte[] received = exchange.getRequestBody().readAllBytes();
      byte[] body;
      int status = 200;
      try {
        String stock = number(fetch(INVENTORY_URL + "/stock/" + order));
        if (exchange.getRequestMethod().equals("POST")) {
          body = received;
        } else {
          String cents = number(fetch(PRICING_URL + "/price/" + order));
          body = ("{\"order\": \"" + order + "\", \"stock\": " + stock + ", \"cents\": " + cents + "}")
              .getBytes(StandardCharsets.UTF_8);
        }
      } catch (IOException error) {
        status = 502;
        body = error.toString().getBytes(StandardCharsets.UTF_8);
      }
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static String fetch(String url) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
    connection.setReadTimeout(30_000);
    try (InputStream in = connection.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String number(String json) throws IOException {
    Matcher matcher = NUMBER.matcher(json);
    if (!matcher.find()) {
      throw new IOException("no number in " + json);
    }
    return matcher.group(1);
  }

  private static String env(String name, String fallback) {
    String value = System.getenv(name);
    return value == null ? fallback : value;
  }
}
