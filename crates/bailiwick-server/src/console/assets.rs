//! Styles, scripts and pictures: embedded in the binary, named by their content, cached for ever.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use tower_http::compression::CompressionLayer;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// The addresses that pages refer to.
#[derive(Debug)]
pub(super) struct AssetUrls {
    /// The style sheet.
    pub(super) style: String,
    /// htmx.
    pub(super) htmx: String,
    /// The console's own script.
    pub(super) script: String,
    /// The picture that browsers show beside the title.
    pub(super) icon: String,
}

struct Asset {
    url: String,
    media_type: &'static str,
    body: Cow<'static, [u8]>,
}

static ASSETS: LazyLock<Vec<Asset>> =
    LazyLock::new(|| Files::iter().filter_map(|name| load(&name)).collect());

static URLS: LazyLock<AssetUrls> = LazyLock::new(|| {
    let url = |start: &str| {
        let found = ASSETS.iter().find(|asset| asset.url.starts_with(start));
        found.map(|asset| asset.url.clone()).unwrap_or_default()
    };
    AssetUrls {
        style: url("/assets/console-style."),
        htmx: url("/assets/htmx."),
        script: url("/assets/console-script."),
        icon: url("/assets/icon."),
    }
});

/// The addresses that pages refer to.
pub(super) fn urls() -> &'static AssetUrls {
    &URLS
}

/// Serves the files by their names with the hash in them.
pub(super) fn router() -> Router {
    Router::new().route("/assets/{name}", get(serve)).layer(CompressionLayer::new())
}

async fn serve(Path(name): Path<String>) -> Response {
    let wanted = format!("/assets/{name}");
    match ASSETS.iter().find(|asset| asset.url == wanted) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            asset.body.clone(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn load(name: &str) -> Option<Asset> {
    let file = Files::get(name)?;
    let (stem, extension) = name.rsplit_once('.')?;
    let media_type = match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    // 64 bits of the hash tell versions of one file apart; nobody else chooses the content.
    let hash: u64 =
        file.metadata.sha256_hash().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    Some(Asset { url: format!("/assets/{stem}.{hash:016x}.{extension}"), media_type, body: file.data })
}
