//! A page token of an AuthZEN search: opened only by the seal that made it, and then it is what it was made of.
#![no_main]

use bailiwick_core::account::SecretHash;
use bailiwick_core::ids::{AccountId, Id};
use bailiwick_server::authzen::token::{Asked, Seal};
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

fuzz_target!(|input: (&str, &str, usize, u8)| {
    let (token, json, place, change) = input;
    let seal = |account, secret| Seal {
        account: AccountId::from_uuid(Uuid::from_u128(account)),
        secret: SecretHash([secret; 32]),
    };
    let own = seal(1, 1);
    assert_eq!(own.open(token), None, "nobody makes a token without the seal");
    let Ok(asked) = serde_json::from_str::<Asked>(json) else { return };
    let made = own.token(&asked);
    let Some(opened) = own.open(&made) else {
        assert!(made.len() > 4_096, "only one that is too long is not opened");
        return;
    };
    assert_eq!(opened, asked);
    for other in [seal(2, 1), seal(1, 2)] {
        assert_eq!(other.open(&made), None, "it means nothing elsewhere");
    }
    let mut bytes = made.clone().into_bytes();
    let place = place % bytes.len();
    bytes[place] ^= change;
    if let Ok(changed) = String::from_utf8(bytes)
        && changed != made
    {
        assert_eq!(own.open(&changed), None, "a changed one is refused");
    }
});
