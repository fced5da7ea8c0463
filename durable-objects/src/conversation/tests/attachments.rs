use edgedesk_domain::attachment::{Attachment, MAX_UNSENT, UNSENT_MILLIS};
use edgedesk_domain::event::EventData;
use edgedesk_domain::ids::{AttachmentId, PrivacyRequestId};
use edgedesk_domain::message::NO_TEXT;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::object::{AddAttachmentRequest, FindAttachmentRequest, Participant};
use edgedesk_wire::privacy::{PrivacyKind, Rewrite};

use super::*;
use crate::testing::{Failure, Mood};

fn attachment(number: u8) -> Attachment {
    let id = AttachmentId::new(Ulid(u128::from(number)));
    Attachment::new(id, "invoice.pdf", "application/pdf", 1_000).unwrap()
}

fn file(number: u8) -> String {
    format!(
        "attachments/{}/{}/{}",
        address().account_id,
        address().conversation_id,
        attachment(number).id
    )
}

fn by_agent() -> Participant {
    Participant::Agent {
        principal: principal(Role::Agent),
    }
}

fn by(customer_id: CustomerId) -> Participant {
    Participant::Customer { customer_id }
}

impl World {
    fn add(&self, uploader: Participant, number: u8) -> Result<(), ObjectError> {
        let attachment = attachment(number);
        let request = AddAttachmentRequest {
            uploader,
            attachment,
        };
        block_on(self.object.add_attachment(address(), request)).map(|_| ())
    }

    fn send_files(
        &self,
        client_id: &str,
        text: &str,
        numbers: &[u8],
        note: bool,
    ) -> Result<Receipt, ObjectError> {
        let request = SendRequest {
            principal: principal(Role::Agent),
            direction: if note {
                Direction::Note
            } else {
                Direction::Outgoing
            },
            text: text.to_owned(),
            attachments: numbers
                .iter()
                .map(|number| attachment(*number).id)
                .collect(),
            client_id: Some(client_id.to_owned()),
            suggestion_id: None,
        };
        block_on(self.object.send(address(), request))
    }

    fn find(&self, reader: Participant, number: u8) -> Result<Attachment, String> {
        let request = FindAttachmentRequest {
            reader,
            attachment_id: attachment(number).id,
        };
        let found = self.object.find_attachment(address(), &request);
        found
            .map(|found| found.attachment)
            .map_err(|error| error.code())
    }

    fn scrub(&self, kind: PrivacyKind) {
        let request = Rewrite {
            request_id: PrivacyRequestId::new(Ulid(9)),
            kind,
            asked_at: Timestamp::from_millis(self.host.now.get()),
            after_seq: 0,
            names: Vec::new(),
        };
        block_on(self.object.rewrite(address(), request)).unwrap();
    }

    fn deleted(&self) -> Vec<String> {
        self.outside.deleted.take()
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, ObjectError>) -> String {
    result.unwrap_err().code()
}

#[test]
fn a_file_is_seen_by_both_sides_once_it_is_sent() {
    let world = World::new();
    world.says("a", "Hello");
    let customer_id = world.state().customer_id;
    world.add(by_agent(), 1).unwrap();
    assert_eq!(world.find(by_agent(), 1), Err("not_found".to_owned()));
    world.send_files("c", "", &[1], false).unwrap();
    assert_eq!(world.find(by_agent(), 1), Ok(attachment(1)));
    assert_eq!(world.find(by(customer_id), 1), Ok(attachment(1)));
    let EventData::MessageCreated(message) = world.log().pop().unwrap().data else {
        panic!("no message");
    };
    assert_eq!(
        (message.text.as_str(), message.attachments.len()),
        (NO_TEXT, 1)
    );
    // A list shows what the file is called.
    assert_eq!(world.state().last_message.unwrap().text, "invoice.pdf");
}

#[test]
fn the_customer_sees_no_file_of_a_note_and_none_of_another_customer() {
    let world = World::new();
    world.says("a", "Hello");
    let customer_id = world.state().customer_id;
    world.add(by_agent(), 1).unwrap();
    world.add(by_agent(), 2).unwrap();
    world.send_files("c", "look", &[1], true).unwrap();
    world.send_files("d", "look", &[2], false).unwrap();
    assert_eq!(world.find(by_agent(), 1), Ok(attachment(1)));
    assert_eq!(world.find(by(customer_id), 1), Err("not_found".to_owned()));
    let other = CustomerId::new(Ulid(77));
    assert_eq!(world.find(by(other), 2), Err("not_found".to_owned()));
    assert_eq!(code(world.add(by(other), 3)), "not_found");
}

#[test]
fn a_file_is_sent_by_its_uploader_and_once() {
    let world = World::new();
    world.says("a", "Hello");
    let customer_id = world.state().customer_id;
    world.add(by(customer_id), 1).unwrap();
    world.add(by_agent(), 2).unwrap();
    // Another's, one that nobody uploaded, and one twice.
    for files in [&[1][..], &[3], &[2, 2]] {
        assert_eq!(
            code(world.send_files("c", "x", files, false)),
            "unknown_attachment"
        );
    }
    let first = world.send_files("c", "x", &[2], false).unwrap();
    // The client asks again since it has heard nothing.
    let again = world.send_files("c", "x", &[2], false).unwrap();
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    // In another message it would be lost without a word.
    assert_eq!(
        code(world.send_files("d", "y", &[2], false)),
        "unknown_attachment"
    );
    assert_eq!(
        code(world.send_files("e", "y", &[9; 11], false)),
        "invalid_request"
    );
}

#[test]
fn a_read_only_member_uploads_nothing() {
    let world = World::new();
    world.says("a", "Hello");
    let reader = Participant::Agent {
        principal: principal(Role::ReadOnly),
    };
    assert_eq!(code(world.add(reader, 1)), "forbidden");
}

#[test]
fn a_file_of_elsewhere_begins_no_conversation() {
    let world = World::new();
    let request = SendRequest {
        principal: principal(Role::Agent),
        direction: Direction::Outgoing,
        text: String::new(),
        attachments: vec![attachment(1).id],
        client_id: Some("c".to_owned()),
        suggestion_id: None,
    };
    assert_eq!(
        code(block_on(world.object.send(address(), request))),
        "not_found"
    );
    let visitor = CustomerId::new(Ulid(5));
    let id = attachment(1).id;
    let sent = world.object.plan_message(
        Direction::Incoming,
        edgedesk_domain::message::Actor::Customer {
            id: visitor,
            name: None,
        },
        &visitor.to_string(),
        "",
        &[id],
        Some("c".to_owned()),
    );
    assert_eq!(code(sent), "unknown_attachment");
    assert!(world.log().is_empty());
}

#[test]
fn a_visitor_uploads_before_the_first_message_and_only_so_much() {
    let world = World::new();
    let visitor = CustomerId::new(Ulid(5));
    for number in 0..u8::try_from(MAX_UNSENT).unwrap() {
        world.add(by(visitor), number).unwrap();
    }
    assert_eq!(code(world.add(by(visitor), 99)), "too_many_attachments");
    assert!(world.log().is_empty());
    // A day later nobody has sent them.
    assert_eq!(
        world.host.alarm.get().map(Timestamp::millis),
        Some(1_000_000 + UNSENT_MILLIS)
    );
    world.drain();
    assert_eq!(world.deleted().len() as u64, MAX_UNSENT);
    world.add(by(visitor), 100).unwrap();
}

#[test]
fn what_is_sent_stays_and_what_is_not_is_deleted_after_a_day() {
    let mut world = World::new();
    world.says("a", "Hello");
    world.add(by_agent(), 1).unwrap();
    world.add(by_agent(), 2).unwrap();
    world.send_files("c", "x", &[1], false).unwrap();
    world.reborn();
    world.work();
    assert!(world.deleted().is_empty());
    world.outside.files.set(Mood::Unavailable);
    world.host.now.set(world.host.now.get() + UNSENT_MILLIS);
    world.work();
    // It is about to be deleted: sending it now would send nothing.
    assert_eq!(
        code(world.send_files("d", "x", &[2], false)),
        "unknown_attachment"
    );
    world.outside.files.set(Mood::Well);
    world.drain();
    assert_eq!(world.deleted(), [file(2)]);
    assert_eq!(world.find(by_agent(), 1), Ok(attachment(1)));
    world.drain();
    assert!(world.deleted().is_empty());
}

#[test]
fn with_the_words_of_a_customer_go_the_files() {
    for kind in [PrivacyKind::Erasure, PrivacyKind::Anonymisation] {
        let world = World::new();
        world.says("a", "Hello");
        for number in [1, 2, 3] {
            world.add(by_agent(), number).unwrap();
        }
        world.send_files("c", "x", &[1, 2], false).unwrap();
        // Long ago.
        world.host.now.set(world.host.now.get() + UNSENT_MILLIS / 2);
        world.outside.files.set(Mood::Unavailable);
        world.scrub(kind);
        world.work();
        world.outside.files.set(Mood::Well);
        world.drain();
        let mut deleted = world.deleted();
        deleted.sort();
        assert_eq!(deleted, [file(1), file(2), file(3)], "{kind:?}");
        assert_eq!(world.find(by_agent(), 1), Err("not_found".to_owned()));
        assert!(
            !serde_json::to_string(&world.log())
                .unwrap()
                .contains("invoice")
        );
        assert!(world.sql.rows("SELECT id FROM attachments").is_empty());
    }
}

#[test]
fn what_came_after_a_request_stays() {
    let world = World::new();
    world.says("a", "Hello");
    world.add(by_agent(), 1).unwrap();
    world.send_files("c", "x", &[1], false).unwrap();
    let asked_at = Timestamp::from_millis(world.host.now.get());
    world.host.now.set(world.host.now.get() + 1_000);
    world.add(by_agent(), 2).unwrap();
    world.send_files("d", "x", &[2], false).unwrap();
    let request = Rewrite {
        request_id: PrivacyRequestId::new(Ulid(9)),
        kind: PrivacyKind::Erasure,
        asked_at,
        after_seq: 0,
        names: Vec::new(),
    };
    block_on(world.object.rewrite(address(), request)).unwrap();
    world.drain();
    assert_eq!(world.deleted(), [file(1)]);
    assert_eq!(world.find(by_agent(), 2), Ok(attachment(2)));
}

#[test]
fn whatever_call_of_the_storage_fails_no_sent_file_is_deleted() {
    for n_call in 1..40 {
        let world = World::new();
        world.says("a", "Hello");
        world.add(by_agent(), 1).unwrap();
        world.add(by_agent(), 2).unwrap();
        world.sql.fail(Some(Failure::Before(n_call)));
        let sent = world.send_files("c", "x", &[1], false);
        world.host.now.set(world.host.now.get() + UNSENT_MILLIS);
        world.work();
        world.sql.fail(None);
        world.drain();
        let deleted = world.deleted();
        assert!(deleted.contains(&file(2)), "call {n_call}");
        if sent.is_ok() {
            assert!(!deleted.contains(&file(1)), "call {n_call}");
            assert_eq!(
                world.find(by_agent(), 1),
                Ok(attachment(1)),
                "call {n_call}"
            );
        }
    }
}
