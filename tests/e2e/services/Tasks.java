import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Whose is the call of a pool's worker? A path is /WAY/TOKEN; what is called is NEXT/TOKEN. usage: java Tasks HANDLERS|virtual WORKERS */
public final class Tasks {
  private static final String NEXT = System.getenv("NEXT");
  private static final int CALLS = 3;
  private static ExecutorService workers;
  private static final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
  private static final CountDownLatch given = new CountDownLatch(1);
  private static FutureTask<?> kept;
  private static HttpExchange waiting;

  private interface Way {
    void run(String token, HttpExchange exchange) throws Exception;
  }

  private static final Map<String, Way> WAYS =
      Map.ofEntries(
          Map.entry("futures", (token, exchange) -> futures(token)),
          Map.entry("scheduled", (token, exchange) -> clock.schedule(() -> call(token), 1, TimeUnit.MILLISECONDS).get()),
          Map.entry("completion", (token, exchange) -> completion(token)),
          Map.entry("raw", (token, exchange) -> raw(token)),
          Map.entry("forget", (token, exchange) -> workers.submit(() -> callLater(token))),
          Map.entry("keeps", (token, exchange) -> kept = new FutureTask<>(() -> call(token), null)),
          Map.entry("runs", (token, exchange) -> runKept()),
          Map.entry("holds", (token, exchange) -> hold(token)),
          Map.entry("ended", (token, exchange) -> holdEnded(token)),
          Map.entry("calls", (token, exchange) -> call(token)),
          Map.entry("waits", (token, exchange) -> waitForAnswer(exchange)),
          Map.entry("answers", (token, exchange) -> answerTheOther()));

  private static void call(String token) {
    try {
      HttpURLConnection connection = (HttpURLConnection) new URL(NEXT + "/" + token).openConnection();
      try (InputStream in = connection.getInputStream()) {
        in.readAllBytes();
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static Void callLater(String token) throws InterruptedException {
    Thread.sleep(300);
    call(token);
    return null;
  }

  private static void futures(String token) throws Exception {
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < CALLS; i++) all.add(workers.submit(() -> call(token)));
    for (Future<?> one : all) one.get();
  }

  /** Its tasks are of a class that is derived from FutureTask. */
  private static void completion(String token) throws Exception {
    ExecutorCompletionService<Void> service = new ExecutorCompletionService<>(workers);
    service.submit(() -> call(token), null);
    service.take().get();
  }

  private static void raw(String token) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    workers.execute(
        () -> {
          call(token);
          done.countDown();
        });
    done.await();
  }

  private static void runKept() throws Exception {
    workers.execute(kept);
    kept.get();
  }

  /** A worker that works for nobody has a task on its stack that another one runs meanwhile, for this request. */
  private static void hold(String token) throws Exception {
    Future<?> slow = workers.submit(() -> callLater(token));
    Thread background = new Thread(() -> workers.execute(() -> callHolding(slow)));
    background.start();
    slow.get();
  }

  /** ... or one that has ended, and whose result is the thread that works now. Needs a single worker. */
  private static void holdEnded(String token) throws Exception {
    Future<Thread> ended = workers.submit(() -> {
      call(token);
      return Thread.currentThread();
    });
    ended.get();
    CountDownLatch done = new CountDownLatch(1);
    Thread background = new Thread(() -> workers.execute(() -> {
      callHolding(ended);
      done.countDown();
    }));
    background.start();
    done.await();
  }

  private static boolean callHolding(Future<?> task) {
    call("holding");
    return task.isDone();
  }

  private static void waitForAnswer(HttpExchange exchange) throws InterruptedException {
    waiting = exchange;
    given.await();
  }

  private static void answerTheOther() throws Exception {
    answer(waiting, 200);
    given.countDown();
  }

  private static void answer(HttpExchange exchange, int status) throws IOException {
    byte[] body = (exchange.getRequestURI().getPath() + "\n").getBytes();
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static void handle(HttpExchange exchange) throws IOException {
    String[] parts = exchange.getRequestURI().getPath().split("/");
    int status = 200;
    try {
      WAYS.get(parts[1]).run(parts[2], exchange);
    } catch (Exception error) {
      status = 500;
    }
    if (exchange != waiting) answer(exchange, status);
  }

  /** By reflection, so that older compilers take this file. */
  private static ExecutorService virtualThreads() throws ReflectiveOperationException {
    return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  public static void main(String[] arguments) throws Exception {
    workers = Executors.newFixedThreadPool(Integer.parseInt(arguments[1]));
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 512);
    server.setExecutor(
        arguments[0].equals("virtual") ? virtualThreads() : Executors.newFixedThreadPool(Integer.parseInt(arguments[0])));
    server.createContext("/", Tasks::handle);
    server.start();
  }
}
