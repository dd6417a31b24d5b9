import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URL;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A pool's worker that calls in a monitor for which a request waits that has nothing to do with the call. usage: java Monitors PORT URL
 *
 * <p>A path is /WAY/TOKEN; ways call URL/TOKEN. "gives" leaves the call to the worker and does not wait for it; "waits" comes then.
 */
public final class Monitors {
  private static final long MOMENT_NS = 200_000_000; // in which a thread that is blocked has gone to sleep
  private static final ExecutorService workers = Executors.newFixedThreadPool(1);
  private static final Object monitor = new Object();
  private static volatile Thread worker;
  private static volatile Thread waiter;
  private static volatile boolean firstSleeps;
  private static int entered; // changed in the monitor, which would have no use else
  private static String url;

  private interface Way {
    void run(String token) throws Exception;
  }

  private static final Map<String, Way> WAYS =
      Map.of(
          "pool", token -> workers.submit(() -> call(token)).get(),
          "gives", Monitors::gives,
          "waits", token -> waits());

  private static void call(String token) {
    try (InputStream in = new URL(url + "/" + token).openStream()) {
      in.readAllBytes();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** Waits without sleeping: whoever sleeps begins something new. */
  private static void untilAsleep(Thread thread) {
    while (thread.getState() != Thread.State.BLOCKED) Thread.onSpinWait();
    for (long end = System.nanoTime() + MOMENT_NS; System.nanoTime() < end; ) Thread.onSpinWait();
  }

  /**
   * Three threads queue up. HotSpot lets the first one sleep with a deadline, which is why there is one; then "waits" comes; the worker is
   * last, since HotSpot wakes the last one first, and so it is the worker that lets "waits" in, when it has called.
   */
  private static void gives(String token) {
    synchronized (monitor) {
      Thread first = new Thread(Monitors::enter);
      first.start();
      untilAsleep(first);
      firstSleeps = true;
      while (waiter == null) Thread.onSpinWait();
      untilAsleep(waiter);
      workers.submit(
          () -> {
            worker = Thread.currentThread();
            synchronized (monitor) {
              call(token);
            }
          });
      while (worker == null) Thread.onSpinWait();
      untilAsleep(worker);
    }
  }

  private static void waits() {
    while (!firstSleeps) Thread.onSpinWait();
    waiter = Thread.currentThread();
    enter();
  }

  private static void enter() {
    synchronized (monitor) {
      entered++;
    }
  }

  private static void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String[] parts = exchange.getRequestURI().getPath().split("/");
      int status = 200;
      try {
        WAYS.get(parts[1]).run(parts[2]);
      } catch (Exception error) {
        status = 500;
      }
      exchange.sendResponseHeaders(status, -1);
    }
  }

  public static void main(String[] arguments) throws Exception {
    url = arguments[1];
    int port = Integer.parseInt(arguments[0]);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 16);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", Monitors::handle);
    server.start();
  }
}
