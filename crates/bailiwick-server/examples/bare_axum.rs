//! The ceiling for `bench/measure`: axum that parses an AuthZEN body and answers `true`, with nothing behind it.

use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Entity {
    #[allow(dead_code)]
    id: Option<String>,
    #[allow(dead_code)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Evaluation {
    #[allow(dead_code)]
    subject: Option<Entity>,
    #[allow(dead_code)]
    action: Option<Entity>,
    #[allow(dead_code)]
    resource: Option<Entity>,
    #[serde(default)]
    evaluations: Vec<Evaluation>,
}

#[derive(Serialize)]
struct Decision {
    decision: bool,
}

#[derive(Serialize)]
struct Decisions {
    evaluations: Vec<Decision>,
}

async fn evaluation(Json(_): Json<Evaluation>) -> Json<Decision> {
    Json(Decision { decision: true })
}

async fn evaluations(Json(request): Json<Evaluation>) -> Json<Decisions> {
    Json(Decisions { evaluations: request.evaluations.iter().map(|_| Decision { decision: true }).collect() })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:18081".to_owned());
    let router = Router::new()
        .route("/accounts/{account}/access/v1/evaluation", post(evaluation))
        .route("/accounts/{account}/access/v1/evaluations", post(evaluations));
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, router).await?;
    Ok(())
}
