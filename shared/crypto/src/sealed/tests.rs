use proptest::prelude::*;

use super::*;

const PLACE: Place<'static> = Place {
    table: "second_factors",
    row: "usr_1",
    column: "secret",
};

fn root(letter: &str) -> Secret {
    Secret::new(letter.repeat(32))
}

fn key(letter: &str) -> SealingKey {
    SealingKey::derive(&root(letter), "test").unwrap()
}

fn ring(letter: &str) -> Keyring {
    Keyring::new(key(letter), Vec::new())
}

#[test]
fn the_published_vectors_of_gcm_with_256_bits_hold() {
    // "The Galois/Counter Mode of Operation" (McGrew and Viega, submitted to NIST), appendix B, test cases 13, 14 and 16.
    let zero = "0".repeat(64);
    let long = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    for (key, nonce, text, aad, expected) in [
        (
            zero.as_str(),
            "000000000000000000000000",
            "",
            "",
            "530f8afbc74536b9a963b4f1c4cb738b",
        ),
        (
            zero.as_str(),
            "000000000000000000000000",
            "00000000000000000000000000000000",
            "",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            long,
            "cafebabefacedbaddecaf888",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
             76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ] {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key = SealingKey::from_bytes(&bytes(key).try_into().unwrap());
        let nonce: [u8; 12] = bytes(nonce).try_into().unwrap();
        let (text, aad) = (bytes(text), bytes(aad));
        let payload = Payload {
            msg: &text,
            aad: &aad,
        };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).unwrap();
        assert_eq!(hex::encode(sealed), expected);
    }
}

#[test]
fn the_published_vector_of_hkdf_holds() {
    // RFC 5869, appendix A.3: without salt and info; the first block.
    assert_eq!(
        hex::encode(expand(&[0x0b; 22], &[])),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    );
}

#[test]
fn a_value_opens_in_its_place_only() {
    let sealed = ring("a").seal(&PLACE, b"value", [1; 12]).unwrap();
    assert_eq!(
        ring("a").open(&PLACE, &sealed).as_deref(),
        Ok(&b"value"[..])
    );
    for other in [
        Place {
            table: "inboxes",
            ..PLACE
        },
        Place {
            row: "usr_2",
            ..PLACE
        },
        Place {
            column: "key",
            ..PLACE
        },
        // The same letters, divided elsewhere.
        Place {
            row: "usr_1s",
            column: "ecret",
            ..PLACE
        },
    ] {
        assert_eq!(
            ring("a").open(&other, &sealed),
            Err(SealError::Forged),
            "{other:?}"
        );
    }
}

#[test]
fn any_one_changed_byte_is_noticed() {
    let sealed = ring("a").seal(&PLACE, b"value", [1; 12]).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        let expected = match index {
            0 => SealError::Layout,
            1..9 => SealError::UnknownKey,
            _ => SealError::Forged,
        };
        let changed = URL_SAFE_NO_PAD.encode(changed);
        assert_eq!(ring("a").open(&PLACE, &changed), Err(expected), "{index}");
    }
}

#[test]
fn an_old_key_opens_what_it_sealed_and_seals_nothing_more() {
    let before = ring("a").seal(&PLACE, b"value", [1; 12]).unwrap();
    let after = Keyring::new(key("b"), vec![key("a")]);
    assert_eq!(after.open(&PLACE, &before).as_deref(), Ok(&b"value"[..]));
    let anew = after.seal(&PLACE, b"value", [1; 12]).unwrap();
    assert_eq!(ring("b").open(&PLACE, &anew).as_deref(), Ok(&b"value"[..]));
    assert_eq!(ring("a").open(&PLACE, &anew), Err(SealError::UnknownKey));
}

#[test]
fn keys_of_two_purposes_and_of_two_roots_are_two() {
    let other = SealingKey::derive(&root("a"), "another").unwrap();
    assert_ne!(other.id, key("a").id);
    assert_ne!(key("b").id, key("a").id);
    assert_eq!(key("a").id, key("a").id);
    let short = Secret::new("a".repeat(MIN_ROOT_BYTES - 1));
    assert_eq!(
        SealingKey::derive(&short, "test").err(),
        Some(SealError::RootTooShort)
    );
}

#[test]
fn stored_bytes_keep_their_layout() {
    let sealed = ring("a").seal(&PLACE, b"value", [7; 12]).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    assert_eq!(bytes[0], 1);
    assert_eq!(bytes[1..9], key("a").id);
    assert_eq!(bytes[9..21], [7; 12]);
    assert_eq!(bytes.len(), 21 + 5 + 16);
    assert_eq!(
        sealed,
        "AQqBn0yZhA50BwcHBwcHBwcHBwcHjiCB1wSEbC-WW3_b2QHIAPiqS4VB"
    );
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(value: Vec<u8>, row: String, nonce: [u8; 12]) {
        let place = Place { row: &row, ..PLACE };
        let sealed = ring("a").seal(&place, &value, nonce).unwrap();
        prop_assert_eq!(ring("a").open(&place, &sealed), Ok(value));
    }

    #[test]
    fn no_text_makes_it_panic(text: String, bytes: Vec<u8>) {
        prop_assert!(ring("a").open(&PLACE, &text).is_err());
        prop_assert!(ring("a").open(&PLACE, &URL_SAFE_NO_PAD.encode(bytes)).is_err());
    }
}
