import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The JDK's own server and blocking client; handlers run on a pool, or on virtual threads (JDK 21 and newer).
 * Configured by PORT, NEXT and BACKGROUND; the paths are those of blocking.py. usage: java Calls pool|virtual
 */
public final class Calls {
  private static final String NEXT = System.getenv("NEXT");
  private static final int HANDLERS = 128;
  private static final int WORKERS = 16;
  private static final int CONSUMERS = 4;
  private static final ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
  private static final ScheduledExecutorService timers = Executors.newScheduledThreadPool(CONSUMERS);
  private static final LinkedBlockingQueue<Job> jobs = new LinkedBlockingQueue<>();
  private static final Object lock = new Object();
  private static final ReentrantLock opening = new ReentrantLock();
  private static Pipeline pipeline; // that all share; made when the first request wants it

  private interface Shape {
    void run(String token, int calls) throws Exception;
  }

  private record Job(String token, int calls, CompletableFuture<Void> done) {}

  private static final Map<String, Shape> SHAPES =
      Map.ofEntries(
          Map.entry("seq", Calls::sequential),
          Map.entry("par", Calls::parallel),
          Map.entry("timer", Calls::afterTimer),
          Map.entry("pool", Calls::pool),
          Map.entry("futures", Calls::futures),
          Map.entry("queue", Calls::throughQueue),
          Map.entry("forget", (token, calls) -> workers.submit(() -> sequential(token, calls))),
          Map.entry("retry", Calls::retry),
          Map.entry("lock", Calls::locked),
          Map.entry("multiplexed", Calls::multiplexed),
          Map.entry("reuse", Calls::reuse));

  /** All threads share its connection: each writes its own request, one reads all replies, in the order of the requests. */
  private static final class Pipeline {
    private final Socket socket;
    private final InputStream replies;
    private final String host;
    private final ReentrantLock writing = new ReentrantLock();
    private final Queue<CompletableFuture<Integer>> waiting = new ConcurrentLinkedQueue<>();

    private Pipeline(URL following) {
      try {
        socket = new Socket(following.getHost(), following.getPort());
        socket.setTcpNoDelay(true);
        replies = new BufferedInputStream(socket.getInputStream());
        host = following.getHost() + ":" + following.getPort();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
      daemon(this::read);
    }

    private void get(String path) throws Exception {
      CompletableFuture<Integer> reply = new CompletableFuture<>();
      byte[] request = ("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
      writing.lock(); // requests are written in the order in which their callers wait
      try {
        waiting.add(reply);
        socket.getOutputStream().write(request);
      } finally {
        writing.unlock();
      }
      reply.get();
    }

    private void read() {
      try {
        for (; ; ) {
          int status = Integer.parseInt(line().split(" ")[1]);
          int length = 0;
          for (String field = line(); !field.isEmpty(); field = line()) {
            String[] parts = field.split(": ", 2);
            if (parts[0].equalsIgnoreCase("Content-Length")) length = Integer.parseInt(parts[1]);
          }
          replies.readNBytes(length);
          waiting.remove().complete(status);
        }
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int next = replies.read(); next != '\n'; next = replies.read()) {
        if (next < 0) throw new EOFException();
        line.append((char) next);
      }
      return line.toString().strip();
    }
  }

  private static Pipeline shared() {
    opening.lock();
    try {
      if (pipeline == null) pipeline = new Pipeline(url(NEXT));
      return pipeline;
    } finally {
      opening.unlock();
    }
  }

  private static URL url(String text) {
    try {
      return new URL(text);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static void call(String token, String query) {
    try {
      HttpURLConnection connection = (HttpURLConnection) url(NEXT + "/" + token + query).openConnection();
      boolean failed = connection.getResponseCode() >= 400;
      try (InputStream in = failed ? connection.getErrorStream() : connection.getInputStream()) {
        in.readAllBytes();
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static void sequential(String token, int calls) {
    for (int i = 0; i < calls; i++) call(token, "");
  }

  private static void parallel(String token, int calls) {
    CompletableFuture<?>[] all = new CompletableFuture<?>[calls];
    for (int i = 0; i < calls; i++) all[i] = CompletableFuture.runAsync(() -> call(token, ""));
    CompletableFuture.allOf(all).join();
  }

  private static void afterTimer(String token, int calls) throws Exception {
    for (int i = 0; i < calls; i++) {
      long delay = ThreadLocalRandom.current().nextLong(1000, 4000);
      timers.schedule(() -> call(token, ""), delay, TimeUnit.MICROSECONDS).get();
    }
  }

  private static void pool(String token, int calls) throws Exception {
    for (int i = 0; i < calls; i++) workers.submit(() -> call(token, "")).get();
  }

  private static void futures(String token, int calls) throws Exception {
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < calls; i++) all.add(workers.submit(() -> call(token, "")));
    for (Future<?> one : all) one.get();
  }

  private static void throughQueue(String token, int calls) throws Exception {
    Job job = new Job(token, calls, new CompletableFuture<>());
    jobs.put(job);
    job.done().get();
  }

  private static void retry(String token, int calls) {
    for (int i = 1; i < calls; i++) call(token, "?fail=1");
    call(token, "");
  }

  private static void locked(String token, int calls) {
    for (int i = 0; i < calls; i++) {
      call(token, "");
      synchronized (lock) {
        long end = System.nanoTime() + 300_000;
        while (System.nanoTime() < end) Thread.onSpinWait();
      }
    }
  }

  private static void multiplexed(String token, int calls) throws Exception {
    for (int i = 0; i < calls; i++) shared().get(url(NEXT).getPath() + "/" + token);
  }

  private static void reuse(String token, int calls) {
    for (int i = 0; i < calls; i++) call(token, "?close=1");
  }

  private static void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String[] parts = path.split("/");
      byte[] body = (path + "\n").getBytes(StandardCharsets.UTF_8);
      int status = 200;
      try {
        SHAPES.get(parts[1]).run(parts[3], Integer.parseInt(parts[2]));
      } catch (Exception error) {
        status = 500;
        body = error.toString().getBytes(StandardCharsets.UTF_8);
      }
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static void consume() {
    try {
      for (; ; ) {
        Job job = jobs.take();
        sequential(job.token(), job.calls());
        job.done().complete(null);
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  private static void inTheBackground(int name) {
    try {
      for (int number = 0; ; number++) {
        call("background-" + name + "-" + number, "");
        Thread.sleep(10);
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  private static void daemon(Runnable run) {
    Thread thread = new Thread(run);
    thread.setDaemon(true);
    thread.start();
  }

  /** By reflection, so that older compilers take this file. */
  private static ExecutorService virtualThreads() throws ReflectiveOperationException {
    return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  public static void main(String[] arguments) throws Exception {
    for (int i = 0; i < CONSUMERS; i++) daemon(Calls::consume);
    if ("1".equals(System.getenv("BACKGROUND"))) {
      for (int i = 0; i < 2; i++) {
        int name = i;
        daemon(() -> inTheBackground(name));
      }
    }
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 512);
    boolean virtual = arguments[0].equals("virtual");
    server.setExecutor(virtual ? virtualThreads() : Executors.newFixedThreadPool(HANDLERS));
    server.createContext("/", Calls::handle);
    server.start();
  }
}
