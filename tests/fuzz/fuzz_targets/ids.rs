//! Ids, names of files, times, networks and applications, as they come in paths, queries and bodies.
//!
//! An id is taken exactly when it has the one spelling that we write, and reads back as it is written, bare and in JSON. So is the
//! name of a file. A time reads back, is always written in 24 characters, and networks read back as the same networks.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use edgedesk_domain::files::FileKey;
use edgedesk_domain::host::is_label;
use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_domain::time::Timestamp;
use edgedesk_domain::zero_trust::AccessApplication;
use edgedesk_domain::{conversation, ids};
use edgedesk_fuzz::{parts, text};

pub fn run(bytes: &[u8]) {
    let whole = text(bytes);
    macro_rules! check_ids {
        ($($id:ident)*) => { $(check_id::<ids::$id>(&whole, ids::$id::PREFIX);)* };
    }
    check_ids!(AccountId UserId CustomerId InboxId ConversationId MessageId AttachmentId TicketId EventId IntentId ApiKeyId
        SessionId TeamId RoleId InvitationId ExportId MailId ArticleId CategoryId MacroId DraftId SuggestionId ImportId GapId
        PrivacyRequestId);
    if let Ok(id) = serde_json::from_slice::<ids::AccountId>(bytes) {
        check_id::<ids::AccountId>(&id.to_string(), "acc");
    }
    if let Ok(key) = whole.parse::<FileKey>() {
        assert_eq!(key.to_string(), whole, "a file has one name");
        assert!(whole.contains(&key.account_id().to_string()));
    }
    let _ = conversation::Priority::from_word(&whole);
    check_time(&whole);
    let [first, second] = parts(bytes).map(text);
    check_networks(&first, &second);
    if let Ok(application) = AccessApplication::parse(&first, &second) {
        let team = application
            .team_domain()
            .strip_suffix(".cloudflareaccess.com");
        assert!(
            team.is_some_and(is_label),
            "it leads elsewhere: {application:?}"
        );
        assert_eq!(application.audience().len(), 64);
        let again = AccessApplication::parse(application.team_domain(), application.audience());
        assert_eq!(again.as_ref(), Ok(&application));
    }
}

fn check_id<T>(text: &str, prefix: &str)
where
    T: FromStr<Err: Debug> + Display + Debug + PartialEq + through::Json,
{
    let is_one = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|digits| {
            let is_digit = |byte: u8| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&byte);
            digits.len() == 26 && digits.bytes().all(is_digit) && digits.as_bytes()[0] < b'8'
        });
    let read = text.parse::<T>();
    assert_eq!(read.is_ok(), is_one, "{text:?}");
    if let Ok(id) = read {
        assert_eq!(id.to_string(), text, "an id has one spelling");
        assert_eq!(id.through_json(), id);
    }
}

/// Through JSON and back, without naming the traits in every bound.
mod through {
    pub trait Json: Sized {
        fn through_json(&self) -> Self;
    }

    impl<T: serde::Serialize + serde::de::DeserializeOwned> Json for T {
        fn through_json(&self) -> Self {
            let json = serde_json::to_string(self).expect("an id is a text");
            serde_json::from_str(&json).expect("and reads back")
        }
    }
}

fn check_time(text: &str) {
    let Ok(time) = Timestamp::parse(text) else {
        return;
    };
    let written = time.to_string();
    assert_eq!(written.len(), 24, "{written}");
    assert_eq!(Timestamp::parse(&written), Ok(time));
}

fn check_networks(list: &str, address: &str) {
    let Ok(networks) = AllowedNetworks::parse(list.split(',')) else {
        return;
    };
    let texts = networks.to_texts();
    let again = AllowedNetworks::parse(texts.iter().map(String::as_str));
    assert_eq!(again.as_ref(), Ok(&networks));
    assert!(
        !networks.is_open(),
        "a list with a network in it lets everybody in"
    );
    if networks.allow(Some(address)) {
        assert!(address.trim().parse::<std::net::IpAddr>().is_ok());
    }
    assert!(!networks.allow(None));
}
