//! How the console treats people: where typing goes on, what is offered, what is said, how long it waits.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode, header};
use bailiwick_server::console;
use hyper::body::Frame;
use tower::ServiceExt as _;

use crate::console::{Page, SAME_ORIGIN, look, members, post, submit};
use crate::support::{PASSWORD, Person, World};

/// The names of the fields in which a page begins typing.
fn focused(page: &Page) -> Vec<&str> {
    let fields = page
        .text
        .split("<input ")
        .filter(|field| field.split('>').next().is_some_and(|attributes| attributes.contains(" autofocus")));
    fields.map(|field| field.split("name=\"").nth(1).unwrap().split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn typing_goes_on_where_something_was_wrong() {
    let world = World::new("bailiwick").await;
    let fields = [("email", "owner@example.com"), ("password", "wrong")];
    let page = post(&world, "/sign-in", None, &fields, &[SAME_ORIGIN]).await;
    assert_eq!((page.status, focused(&page)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["password"]));
    assert!(page.has("value=\"owner@example.com\"") && !page.has("value=\"wrong\""), "{}", page.text);

    let (_, token) = world.invite("grace@example.com", &[]).await;
    let path = format!("/links/{token}");
    assert_eq!(focused(&look(&world, &path, None).await), ["name"]);
    let fields = [("name", "Grace"), ("password", "short")];
    let page = post(&world, &path, None, &fields, &[SAME_ORIGIN]).await;
    assert_eq!(focused(&page), ["password"]);
    assert!(page.has("value=\"Grace\""), "{}", page.text);
}

#[tokio::test]
async fn typing_goes_on_where_something_was_wrong_at_set_up() {
    let (service, _data) = crate::support::bare("bailiwick", |_| {});
    let link = service.set_up_link().await.unwrap().unwrap();
    let path = format!("/links/{}", link.rsplit('/').next().unwrap());
    let ask = async |request: Request<Body>| {
        let response = console::router(service.clone()).oneshot(request).await.unwrap();
        Page::read(response).await
    };
    let page = ask(Request::get(&path).body(Body::empty()).unwrap()).await;
    assert_eq!(focused(&page), ["account_name"]);
    let body = "account_name=Acme&name=Olga&email=owner%40example.com&password=short";
    let request = Request::post(&path).header(SAME_ORIGIN.0, SAME_ORIGIN.1);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let page = ask(request.body(Body::from(body)).unwrap()).await;
    assert_eq!((page.status, focused(&page)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["password"]));
    for kept in ["Acme", "Olga", "owner@example.com"] {
        assert!(page.has(&format!("value=\"{kept}\"")), "{kept}: {}", page.text);
    }
}

#[tokio::test]
async fn settings_are_offered_to_who_may_read_them() {
    let world = World::new("bailiwick").await;
    let base = world.invite_and_accept("base@example.com", &[]).await;
    let settings = format!("/accounts/{}/settings", world.account);
    let is_offered = async |person: &Person| look(&world, "/me", Some(person)).await.has(&settings);
    assert!(is_offered(&world.owner).await);
    assert!(!is_offered(&base).await);
    assert_eq!(look(&world, &settings, Some(&base)).await.status, StatusCode::FORBIDDEN);
    let renamed = submit(&world, &settings, &base, &[("name", "Mine")]).await;
    assert!(renamed.status == StatusCode::FORBIDDEN && !renamed.has("Catalog"), "{}", renamed.text);
    let refused = world.event_types().await.into_iter().filter(|name| name == "request.refused").count();
    assert_eq!(refused, 2, "the page and the form");

    // Whoever is offered ownership answers there.
    let offer = format!("/accounts/{}/ownership", world.account);
    submit(&world, &offer, &world.owner, &[("to", "base@example.com")]).await;
    assert!(is_offered(&base).await);
    let page = look(&world, &settings, Some(&base)).await;
    assert!(page.has("Accept ownership"), "{}", page.text);
    let decline = page.text.split("action=\"").find(|text| text.contains("/decline\"")).unwrap();
    let decline = decline.split('"').next().unwrap();
    assert_eq!(submit(&world, decline, &base, &[]).await.location(), "/me");
    assert!(!is_offered(&base).await);
}

#[tokio::test]
async fn who_leaves_an_account_is_told_what_happened() {
    let world = World::new("bailiwick").await;
    let ann = world.invite_and_accept("ann@example.com", &["admin"]).await;
    assert_eq!(look(&world, &members(&world), Some(&ann)).await.status, StatusCode::OK);
    let left = submit(&world, &format!("/me/accounts/{}/leave", world.account), &ann, &[]).await;
    assert_eq!((left.status, left.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    let cookies = left.cookies();
    let notice = cookies.iter().find(|cookie| cookie.starts_with("bailiwick-notice=")).unwrap();
    let page = Page::read(
        console::router(world.service.clone())
            .oneshot(Request::get("/sign-in").header(header::COOKIE, notice).body(Body::empty()).unwrap())
            .await
            .unwrap(),
    )
    .await;
    assert!(page.has("You left Acme. Your session there has ended"), "{}", page.text);
    let again = [("email", "ann@example.com"), ("password", PASSWORD)];
    let page = post(&world, "/sign-in", None, &again, &[SAME_ORIGIN]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

/// A body of which nothing ever comes.
struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_form_that_never_arrives_is_given_up() {
    let short = Duration::from_millis(20);
    let (service, _data) = crate::support::bare("bailiwick", |config| config.limits.request_timeout = short);
    let request = Request::post("/sign-in").header(SAME_ORIGIN.0, SAME_ORIGIN.1);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let router = console::router(service);
    let page = Page::read(router.oneshot(request.body(Body::new(Never)).unwrap()).await.unwrap()).await;
    assert_eq!(page.status, StatusCode::REQUEST_TIMEOUT);
    assert!(page.has("The form took too long to arrive"), "{}", page.text);
}

#[tokio::test]
async fn all_other_sessions_end_by_one_button() {
    let world = World::new("bailiwick").await;
    let button = "End all others";
    assert!(!look(&world, "/me", Some(&world.owner)).await.has(button));
    let body = serde_json::json!({ "email": "owner@example.com", "password": PASSWORD });
    let reply = world.post("/sign-in").json(&body).send().await.expect(StatusCode::OK);
    let other = Person::of(&reply, "owner@example.com");
    assert!(look(&world, "/me", Some(&world.owner)).await.has(button));
    let page = submit(&world, "/me/sessions/end-others", &world.owner, &[]).await;
    assert_eq!(page.location(), "/me#sessions");
    world.get("/me").by(&other).send().await.problem(401, "unauthenticated");
    world.get("/me").by(&world.owner).send().await.expect(StatusCode::OK);
}
