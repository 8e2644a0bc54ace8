//! The export: a stream of pages, so that its length costs no memory.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_DISPOSITION;
use bailiwick_client::wire;
use bailiwick_core::account::{Account, Scope};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::Revision;
use bailiwick_store::{EventPosition, EventQuery};
use hyper::body::Frame;
use smol_str::SmolStr;
use tokio::sync::mpsc;

use super::csv;
use super::filter::{Conditions, recorded};
use crate::api::call::Call;
use crate::api::problem::Failure;
use crate::api::respond::Answer;
use crate::api::views::{Views, people_of_event};
use crate::service::{Error, Service};

/// How many events are read at once.
const PAGE: usize = 1_000;

/// How long a reader may take nothing before the export is broken off, so that stalled readers do not pile up.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is sent to the body. A body whose last part is not [`Part::End`] was broken off.
enum Part {
    Bytes(Bytes),
    End,
}

/// Exports what the conditions leave, up to the moment of the request.
pub(super) async fn export(call: Call, query: wire::ExportQuery) -> Result<Answer<wire::Event>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadEvents, &Scope::Account)?;
    let format = query.format.unwrap_or_default();
    let conditions = Conditions::from(&query);
    let mut wanted = conditions.find(&call, &account).await?;
    wanted.limit = PAGE;
    if conditions.newest_first() {
        wanted.after = Some(EventPosition { revision: account.revision().next(), sequence: 0 });
    }
    let format_name = match format {
        wire::ExportFormat::Jsonl => "jsonl",
        wire::ExportFormat::Csv => "csv",
    };
    // Before the first byte: an export that cannot be recorded does not take place.
    let filter = serde_json::to_string(&recorded(&query, &wanted)).map_err(Error::internal)?;
    let caller = call.caller()?;
    call.service.record_export(caller, account.id(), SmolStr::new(filter), format_name).await?;

    let (sender, receiver) = mpsc::channel(2);
    let reader = Reader { service: call.service.clone(), account: Arc::clone(&account), format };
    tokio::spawn(async move { reader.send(wanted, &sender).await });
    let body = Body::new(Received { parts: receiver, has_ended: false });
    let disposition = format!("attachment; filename=\"events.{format_name}\"");
    let answer = Answer::raw(body, format.media_type()).revision(account.revision());
    Ok(answer.header(CONTENT_DISPOSITION, &disposition))
}

/// Reads page after page and writes them out.
struct Reader {
    service: Service,
    account: Arc<Account>,
    format: wire::ExportFormat,
}

impl Reader {
    /// Sends all pages. Leaves the end out when it fails in the middle, so that nobody takes what came for the whole.
    async fn send(&self, mut wanted: EventQuery, to: &mpsc::Sender<Part>) {
        if self.format == wire::ExportFormat::Csv && !offer(to, Part::Bytes(csv::header().into())).await {
            return;
        }
        loop {
            let (bytes, next) = match self.page(&wanted).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(error = %error, detail = error.detail(), "an export was broken off");
                    return;
                }
            };
            if !bytes.is_empty() && !offer(to, Part::Bytes(bytes.into())).await {
                return;
            }
            wanted.after = next;
            if next.is_none() {
                offer(to, Part::End).await;
                return;
            }
        }
    }

    /// A page in its final form, and where the next one starts.
    async fn page(&self, wanted: &EventQuery) -> Result<(Vec<u8>, Option<EventPosition>), Error> {
        let found = self.service.store().events(wanted.clone()).await?;
        let (mut found, searched_to) = (found.events, found.searched_to);
        let last = found.last().filter(|_| found.len() == wanted.limit).map(|event| event.position);
        // In ascending order everything after the first event that came later came later too.
        let newest: Revision = self.account.revision();
        let next = last.or(searched_to).filter(|at| at.revision <= newest);
        found.retain(|event| event.position.revision <= newest);
        let named = found.iter().flat_map(|event| people_of_event(&self.account, event));
        let people = self.service.people(named).await?;
        let views = Views::new(&self.account, &people, self.service.now());
        let mut bytes = Vec::new();
        for event in &found {
            let event = views.event(event);
            match self.format {
                wire::ExportFormat::Csv => bytes.extend(csv::row(&event)),
                wire::ExportFormat::Jsonl => {
                    serde_json::to_writer(&mut bytes, &event).map_err(Error::internal)?;
                    bytes.push(b'\n');
                }
            }
        }
        Ok((bytes, next))
    }
}

/// Whether the reader has taken what came before, and so will take this.
async fn offer(to: &mpsc::Sender<Part>, part: Part) -> bool {
    to.send_timeout(part, PATIENCE).await.is_ok()
}

/// What comes through a channel, as a body.
struct Received {
    parts: mpsc::Receiver<Part>,
    has_ended: bool,
}

impl hyper::body::Body for Received {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let part = match self.parts.poll_recv(ctx) {
            Poll::Ready(part) => part,
            Poll::Pending => return Poll::Pending,
        };
        if let Some(Part::Bytes(bytes)) = part {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        self.has_ended = true;
        let broken = || Err(std::io::Error::other("the export was broken off"));
        Poll::Ready(part.is_none().then(broken))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn read(parts: Vec<Part>) -> Result<Bytes, std::io::Error> {
        let (sender, parts_received) = mpsc::channel(8);
        for part in parts {
            assert!(offer(&sender, part).await);
        }
        drop(sender);
        let body = Received { parts: parts_received, has_ended: false };
        body.collect().await.map(http_body_util::Collected::to_bytes)
    }

    #[tokio::test]
    async fn a_body_without_its_end_is_broken() {
        let line = || Part::Bytes(Bytes::from_static(b"x"));
        assert_eq!(read(vec![line(), line(), Part::End]).await.unwrap(), "xx");
        assert!(read(vec![line()]).await.is_err());
        assert!(read(Vec::new()).await.is_err());
    }
}
