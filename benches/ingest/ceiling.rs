//! The ceiling: warp takes the same request apart, reads its JSON, and does nothing with it.

use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use std::io::Write as _;
use tokio::net::TcpListener;
use warp::Filter;
use warp::http::{Response, StatusCode};

#[derive(Deserialize)]
struct Body {
    items: Vec<Item>,
    consultations: Vec<Consultation>,
}

#[derive(Deserialize)]
struct Item {
    measure: String,
    title: Option<String>,
    count: u64,
}

#[derive(Deserialize)]
struct Consultation {
    topic: String,
    mode: String,
    person_times: u64,
}

impl Body {
    /// Looks at everything that was read, so that none of it may be left out.
    fn weight(&self) -> u64 {
        let item = |item: &Item| {
            item.count + item.measure.len() as u64 + item.title.as_ref().map_or(0, String::len) as u64
        };
        let record = |one: &Consultation| one.person_times + (one.topic.len() + one.mode.len()) as u64;
        self.items.iter().map(item).sum::<u64>() + self.consultations.iter().map(record).sum::<u64>()
    }
}

/// Serves until it is ended; says where on standard output, as the program does.
pub(crate) async fn serve() {
    let tally = warp::path!("api" / "v1" / "campaigns" / String / "tallies" / String / String)
        .and(warp::put())
        .and(warp::body::bytes())
        .map(|campaign: String, unit: String, day: String, body: hyper::body::Bytes| {
            let body: Body = serde_json::from_slice(&body).unwrap();
            let text = format!("{{\"path\":\"{campaign} {unit} {day}\",\"weight\":{}}}", body.weight());
            let answer = Response::builder().status(StatusCode::CREATED);
            answer.header("content-type", "application/json").body(text).unwrap()
        });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.pipeline_flush(true);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let service = TowerToHyperService::new(warp::service(tally));
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}
