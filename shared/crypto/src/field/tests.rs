use edgedesk_domain::account::Secret;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::sealed::SealingKey;

const PLACE: Place<'static> = Place {
    table: "messages",
    row: "cnv_1:2",
    column: "data",
};

fn account(number: u128) -> AccountId {
    AccountId::new(Ulid(number))
}

fn cipher(of: AccountId, numbers: impl IntoIterator<Item = u32>) -> FieldCipher {
    // The same bytes in every account: what keeps them apart here is the tag's word on where a value stands alone.
    let key = |number: u32| DataKey::new(number, &[u8::try_from(number).unwrap(); 32]);
    FieldCipher::new(of, numbers.into_iter().map(key).collect()).unwrap()
}

fn ring(letter: &str) -> Keyring {
    Keyring::new(root(letter), Vec::new())
}

fn root(letter: &str) -> SealingKey {
    SealingKey::derive(&Secret::new(letter.repeat(32)), DATA_KEYS).unwrap()
}

#[test]
fn the_vectors_of_nist_hold() {
    let vectors = include_str!("vectors.csv");
    let bytes = |text: &str| hex::decode(text).unwrap();
    let mut n_vectors = 0;
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<_> = line.split(',').map(bytes).collect();
        let [key, nonce, text, aad, ciphertext, tag] = parts.as_slice() else {
            panic!("{line}");
        };
        let key = <[u8; 32]>::try_from(key.as_slice()).unwrap();
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(key));
        let nonce = Nonce::from(<[u8; 12]>::try_from(nonce.as_slice()).unwrap());
        let payload = Payload { msg: text, aad };
        let mut sealed = cipher.encrypt(&nonce, payload).unwrap();
        assert_eq!(sealed, [ciphertext.as_slice(), tag].concat(), "{line}");
        let payload = Payload { msg: &sealed, aad };
        assert_eq!(cipher.decrypt(&nonce, payload).as_ref(), Ok(text), "{line}");
        sealed[0] ^= 1;
        let payload = Payload { msg: &sealed, aad };
        assert!(cipher.decrypt(&nonce, payload).is_err(), "{line}");
        n_vectors += 1;
    }
    assert_eq!(n_vectors, 50);
}

#[test]
fn a_value_opens_in_its_account_and_place_only() {
    let sealed = cipher(account(1), [1])
        .seal(&PLACE, "value", [1; 12])
        .unwrap();
    let open = |of, place: &Place<'_>| cipher(account(of), [1]).open(place, &sealed);
    assert_eq!(open(1, &PLACE).as_deref(), Ok("value"));
    // The key is the same, so that it is the tag that refuses.
    assert_eq!(open(2, &PLACE), Err(SealError::Forged), "another account");
    for other in [
        Place {
            table: "analyses",
            ..PLACE
        },
        Place {
            row: "cnv_1:3",
            ..PLACE
        },
        Place {
            column: "text",
            ..PLACE
        },
        // The same letters, divided elsewhere.
        Place {
            table: "message",
            row: "scnv_1:2",
            ..PLACE
        },
        Place {
            row: "cnv_1:2d",
            column: "ata",
            ..PLACE
        },
    ] {
        assert_eq!(open(1, &other), Err(SealError::Forged), "{other:?}");
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let cipher = cipher(account(1), [1, 2]);
    let sealed = cipher.seal(&PLACE, "value", [1; 12]).unwrap();
    let bytes = URL_SAFE_NO_PAD
        .decode(sealed.strip_prefix(PREFIX).unwrap())
        .unwrap();
    let open = |bytes: &[u8]| {
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        cipher.open(&PLACE, &text)
    };
    assert_eq!(open(&bytes).as_deref(), Ok("value"));
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let expected = match bit / 8 {
            0 => SealError::Layout,
            1..HEADER_BYTES => SealError::UnknownKey,
            _ => SealError::Forged,
        };
        assert_eq!(open(&changed), Err(expected), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(open(&bytes[..length]).is_err(), "{length} bytes");
    }
    // Another key of the account is named: it is there, and did not seal this.
    let mut changed = bytes.clone();
    changed[HEADER_BYTES - 1] = 1;
    assert_eq!(open(&changed), Err(SealError::Forged));
}

#[test]
fn a_new_key_seals_and_the_earlier_ones_still_open() {
    let before = cipher(account(1), [1]);
    let after = cipher(account(1), [2, 1]);
    let old = before.seal(&PLACE, "old", [1; 12]).unwrap();
    assert_eq!(after.open(&PLACE, &old).as_deref(), Ok("old"));
    assert_eq!(after.current_number(), 2);
    let new = after.seal(&PLACE, "new", [1; 12]).unwrap();
    assert_eq!(after.open(&PLACE, &new).as_deref(), Ok("new"));
    assert_eq!(before.open(&PLACE, &new), Err(SealError::UnknownKey));
    assert!(FieldCipher::new(account(1), Vec::new()).is_none());
}

#[test]
fn a_value_of_before_is_given_as_it_is() {
    let cipher = cipher(account(1), [1]);
    for plain in ["", "{\"text\":\"hello\"}", "a sealed: letter"] {
        assert!(!is_sealed(plain));
        assert_eq!(cipher.open(&PLACE, plain).as_deref(), Ok(plain));
    }
    assert_eq!(cipher.open(&PLACE, "sealed:"), Err(SealError::Layout));
    assert_eq!(cipher.open(&PLACE, "sealed:?"), Err(SealError::Layout));
}

#[test]
fn a_data_key_is_unwrapped_for_its_account_and_number_only() {
    let key = [9; DATA_KEY_BYTES];
    let wrapped = wrap(&ring("a"), account(1), 1, &key, [2; 12]).unwrap();
    let sealed = FieldCipher::new(account(1), vec![DataKey::new(1, &key)])
        .unwrap()
        .seal(&PLACE, "value", [1; 12])
        .unwrap();
    let key = unwrap(&ring("a"), account(1), 1, &wrapped).unwrap();
    let again = FieldCipher::new(account(1), vec![key]).unwrap();
    assert_eq!(again.open(&PLACE, &sealed).as_deref(), Ok("value"));
    for (of, number, ring, expected) in [
        (2, 1, ring("a"), SealError::Forged),
        (1, 2, ring("a"), SealError::Forged),
        (1, 1, ring("b"), SealError::UnknownKey),
    ] {
        let refused = unwrap(&ring, account(of), number, &wrapped);
        assert_eq!(refused.err(), Some(expected), "{of} {number}");
    }
}

#[test]
fn a_data_key_moves_to_a_new_root_and_opens_what_it_sealed() {
    let key = [9; DATA_KEY_BYTES];
    let both = Keyring::new(root("b"), vec![root("a")]);
    let old = wrap(&ring("a"), account(1), 1, &key, [2; 12]).unwrap();
    let new = rewrap(&both, account(1), 1, &old, [3; 12]).unwrap();
    assert!(unwrap(&ring("b"), account(1), 1, &new).is_ok());
    assert!(unwrap(&ring("a"), account(1), 1, &new).is_err());
    let (mark, old_mark) = (both.mark(), ring("a").mark());
    assert_eq!(mark.len(), crate::sealed::MARK_CHARS);
    assert!(new.starts_with(&mark) && old.starts_with(&old_mark) && mark != old_mark);
}

#[test]
fn stored_bytes_keep_their_layout() {
    let sealed = cipher(account(1), [3])
        .seal(&PLACE, "value", [7; 12])
        .unwrap();
    assert_eq!(
        sealed,
        "sealed:AQAAAAMHBwcHBwcHBwcHBwejRWVgNzwExmvvVZV989ZEkDrG2Zo"
    );
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(value: String, row: String, nonce: [u8; 12]) {
        let cipher = cipher(account(1), [1]);
        let place = Place { row: &row, ..PLACE };
        let sealed = cipher.seal(&place, &value, nonce).unwrap();
        prop_assert!(is_sealed(&sealed));
        prop_assert_eq!(cipher.open(&place, &sealed), Ok(value));
    }

    #[test]
    fn no_text_makes_it_panic(text: String, bytes: Vec<u8>) {
        let cipher = cipher(account(1), [1]);
        let _ = cipher.open(&PLACE, &text);
        let claimed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        prop_assert!(cipher.open(&PLACE, &claimed).is_err());
    }
}
