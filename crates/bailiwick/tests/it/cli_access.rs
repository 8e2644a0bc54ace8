//! Groups in groups, explanations and searches through the command line.

use crate::support::{Platform, text, texts};

const GRACE: &str = "grace@example.com";

#[test]
fn access_through_nested_groups_is_explained_and_found_in_both_directions() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    for name in ["search-eu", "search-us"] {
        owner.json(&["resource", "register", "cluster", name]);
    }
    platform.join(&owner, GRACE, &[]);
    owner.json(&["group", "create", "Everybody"]);
    owner.json(&["group", "create", "Search team"]);
    owner.json(&["grant", "create", "Everybody", "cluster_read_only", "--scope", "cluster:search-eu"]);
    owner.json(&["group", "add", "Search team", GRACE]);
    owner.json(&["group", "add", "Everybody", "Search team"]);
    let refused = owner.run(&["group", "add", "Search team", "Everybody"]).refused(1);
    assert!(refused.contains("in itself"), "{refused}");
    let inside = owner.items(&["group", "members", "Everybody"]);
    assert_eq!((text(&inside[0], "kind"), text(&inside[0], "name")), ("group", "Search team"));

    let why = owner.run(&["explain", GRACE, "read:clusters", "cluster:search-eu"]);
    assert!(why.stdout.contains("Search team → Everybody"), "{why:?}");
    let why = owner.run(&["explain", GRACE, "read:clusters", "cluster:search-us"]);
    assert!(why.stdout.contains("counts elsewhere"), "{why:?}");

    let who = ["who-can", "read:clusters", "cluster:search-eu"];
    assert_eq!(texts(&owner.items(&who), "email"), ["owner@example.com", GRACE]);
    let groups = owner.items(&[&who[..], &["--kind", "group"]].concat());
    let names = texts(&groups, "name");
    assert!(names.contains(&"Everybody") && names.contains(&"Search team"), "{names:?}");
    let table = owner.run(&who);
    assert!(table.stdout.contains(GRACE), "{table:?}");

    let what = ["what-can", "read:clusters", "cluster"];
    assert_eq!(texts(&owner.items(&what), "name"), ["search-eu", "search-us"]);
    let hers = owner.items(&[&what[..], &["--for", GRACE]].concat());
    assert_eq!(texts(&hers, "name"), ["search-eu"]);
    let all = owner.json(&[&what[..], &["--limit", "1"]].concat());
    assert_eq!((all["items"].as_array().unwrap().len(), &all["complete"]), (1, &false.into()), "{all}");

    owner.json(&["group", "remove", "Everybody", "Search team"]);
    assert_eq!(owner.items(&[&what[..], &["--for", GRACE]].concat()).len(), 0);
}
