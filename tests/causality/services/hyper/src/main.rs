//! hyper as server and client on tokio's work-stealing threads. Configured by PORT, NEXT and BACKGROUND; the paths are
//! those of blocking.py.
use hyper::client::HttpConnector;
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Client, Request, Response, Server, StatusCode};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, Mutex};

const WORKERS: usize = 4;

struct Job {
    token: String,
    calls: usize,
    done: oneshot::Sender<()>,
}

struct App {
    client: Client<HttpConnector>,
    next: String,
    lock: Mutex<()>,
    jobs: mpsc::UnboundedSender<Job>,
}

impl App {
    async fn call(&self, token: &str, query: &str) {
        let uri = format!("{}/{}{}", self.next, token, query).parse().expect("NEXT is a URL");
        match self.client.get(uri).await {
            Ok(answer) => drop(hyper::body::to_bytes(answer).await),
            Err(error) => eprintln!("{error}"),
        }
    }

    async fn sequential(&self, token: &str, calls: usize, query: &str) {
        for _ in 0..calls {
            self.call(token, query).await;
        }
    }

    async fn parallel(self: &Arc<Self>, token: &str, calls: usize) {
        let start = |_| {
            let (app, token) = (self.clone(), token.to_string());
            tokio::spawn(async move { app.call(&token, "").await })
        };
        for task in (0..calls).map(start).collect::<Vec<_>>() {
            task.await.expect("the task does not panic");
        }
    }

    async fn queue(&self, token: &str, calls: usize) {
        let (done, finished) = oneshot::channel();
        let job = Job { token: token.to_string(), calls, done };
        if self.jobs.send(job).is_ok() {
            finished.await.expect("the worker answers");
        }
    }

    /// Does what the path says; false for a path that is none of ours.
    async fn shape(self: &Arc<Self>, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        let (shape, calls, token) = match parts[..] {
            ["", shape, calls, token] => match calls.parse::<usize>() {
                Ok(calls) => (shape, calls, token),
                Err(_) => return false,
            },
            _ => return false,
        };
        match shape {
            "seq" => self.sequential(token, calls, "").await,
            "par" => self.parallel(token, calls).await,
            "timer" => {
                for number in 0..calls as u64 {
                    tokio::time::sleep(Duration::from_micros(1000 + 700 * number)).await;
                    self.call(token, "").await;
                }
            }
            // The pool for blocking work runs between request and call.
            "pool" => {
                for _ in 0..calls {
                    let work = || std::fs::read("/proc/self/comm").is_ok();
                    tokio::task::spawn_blocking(work).await.expect("reading does not panic");
                    self.call(token, "").await;
                }
            }
            "queue" => self.queue(token, calls).await,
            "forget" => {
                let (app, token) = (self.clone(), token.to_string());
                tokio::spawn(async move { app.sequential(&token, calls, "").await });
            }
            "retry" => {
                self.sequential(token, calls - 1, "?fail=1").await;
                self.call(token, "").await;
            }
            "lock" => {
                for _ in 0..calls {
                    self.call(token, "").await;
                    let _held = self.lock.lock().await;
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
            }
            "reuse" => self.sequential(token, calls, "?close=1").await,
            _ => return false,
        }
        true
    }

    async fn in_the_background(&self, name: usize) {
        for number in 0.. {
            self.call(&format!("background-{name}-{number}"), "").await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn handle(app: Arc<App>, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_string();
    let mut answer = Response::new(Body::empty());
    if app.shape(&path).await {
        *answer.body_mut() = Body::from(path + "\n");
    } else {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(answer)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

#[tokio::main]
async fn main() {
    let (jobs, waiting) = mpsc::unbounded_channel::<Job>();
    let (client, next) = (Client::new(), variable("NEXT"));
    let app = Arc::new(App { client, next, lock: Mutex::new(()), jobs });
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..WORKERS {
        let (app, waiting) = (app.clone(), waiting.clone());
        tokio::spawn(async move {
            loop {
                let job = match waiting.lock().await.recv().await {
                    Some(job) => job,
                    None => break,
                };
                app.sequential(&job.token, job.calls, "").await;
                let _ = job.done.send(()); // nobody waits any more
            }
        });
    }
    if variable("BACKGROUND") == "1" {
        for name in 0..2 {
            let app = app.clone();
            tokio::spawn(async move { app.in_the_background(name).await });
        }
    }
    let address = format!("127.0.0.1:{}", variable("PORT")).parse().expect("PORT is a number");
    let service = make_service_fn(move |_| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(service_fn(move |request| handle(app.clone(), request))) }
    });
    if let Err(error) = Server::bind(&address).serve(service).await {
        eprintln!("{error}");
    }
}
