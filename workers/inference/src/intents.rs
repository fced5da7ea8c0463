//! The accounts' own intents: heads that requests name by version, training, the live test. What a head is and when a new
//! one is good enough is `edgedesk_intents`; here are its features and its memory.

use std::cell::RefCell;
use std::rc::Rc;

use edgedesk_domain::analysis::{Analysis, ModelRef};
use edgedesk_domain::ids::{AccountId, IntentId};
use edgedesk_encoder::{Manifest, Model};
use edgedesk_intents::{BACKGROUND, Corpus, Lately, Scored, StoredHead, train};
use edgedesk_platform::log::{Level, log};
use edgedesk_wire::inference::{
    HeadNeeded, MAX_TRAINING_BYTES, MAX_TRAINING_ROWS, ModelsResponse, OwnIntentsRef,
    TestIntentsAnswer, TestIntentsRequest, TestIntentsResponse, TrainIntentsRequest,
    TrainIntentsResponse,
};
use serde::Serialize;
use worker::Response;

use crate::answer::{Failure, json};
use crate::loaded;

/// Largest head that a request may carry, in bytes of JSON within JSON: 50 intents, 1152 features and 4096 n-grams each, as
/// halves in base64, are 700 kB.
pub const MAX_HEAD_BYTES: usize = 1024 * 1024;

/// The manifest whole, for people; `edgedesk_encoder` reads the same.
const MANIFEST: &str = include_str!("../../../models/manifest.json");

/// The name of what heads are bound to; its version is the digest.
const FEATURES: &str = "features";

thread_local! {
    static HEADS: RefCell<Lately> = const { RefCell::new(Lately::new()) };
    /// The features of the background: the same for every training of this isolate, which holds one model.
    static BACKGROUND_FEATURES: RefCell<Option<Rc<Vec<Vec<f32>>>>> = const { RefCell::new(None) };
    static FEATURES_DIGEST: String = Manifest::shipped()
        // There is no model without a manifest, so nothing is ever bound to this.
        .map_or_else(|_| String::new(), |manifest| manifest.features_digest());
}

/// A version of an account's own intents, ready to be asked.
pub struct OwnHead {
    version: u32,
    head: Rc<StoredHead>,
    /// Intents of it that are not to be named.
    retired: Vec<IntentId>,
}

/// The head that a request names: remembered, or sent along.
///
/// # Errors
///
/// [`HeadNeeded`] when it is neither.
pub fn head_of(
    account_id: AccountId,
    named: Option<&OwnIntentsRef>,
) -> Result<Option<OwnHead>, HeadNeeded> {
    let Some(named) = named else {
        return Ok(None);
    };
    let version = named.version;
    let own = |head| OwnHead {
        version,
        head,
        retired: named.retired.clone(),
    };
    if let Some(head) = HEADS.with_borrow_mut(|heads| heads.get(account_id, version)) {
        return Ok(Some(own(head)));
    }
    let Some(json) = &named.head else {
        return Err(HeadNeeded {
            head_needed: version,
        });
    };
    match StoredHead::parse(json) {
        Ok(head) => {
            let head = Rc::new(head);
            HEADS.with_borrow_mut(|heads| {
                heads.put(account_id, version, json.len(), Rc::clone(&head));
            });
            Ok(Some(own(head)))
        }
        Err(error) => {
            report(account_id, version, &error);
            Ok(None)
        }
    }
}

/// Adds the own intent of a text to its analysis, and gives the version that was applied: none when the head reads other
/// features, or when the analysis names no intent that it could stand beside.
pub fn apply(
    own: Option<OwnHead>,
    account_id: AccountId,
    encoder: &ModelRef,
    analysis: &mut Analysis,
    features: &[f32],
    text: &str,
) -> Option<u32> {
    let OwnHead {
        version,
        head,
        retired,
    } = own?;
    if head.encoder != *encoder {
        return None;
    }
    let intent = analysis.intent.as_mut()?;
    match head.own_intent(version, &retired, features, text) {
        Ok(own) => {
            intent.own = own;
            Some(version)
        }
        Err(error) => {
            report(account_id, version, &error);
            None
        }
    }
}

/// `POST /intents/train`
pub fn train_intents(model: &Model, request: TrainIntentsRequest) -> Result<Response, Failure> {
    let n_bytes: usize = request.rows.iter().map(|row| row.text.len()).sum();
    if request.rows.len() > MAX_TRAINING_ROWS || n_bytes > MAX_TRAINING_BYTES {
        return Err(Failure::TooLarge);
    }
    let started = loaded::now_ms();
    let features = features_of(model, request.rows.iter().map(|row| row.text.as_str()))?;
    let background = background(model)?;
    let read = loaded::now_ms();
    let corpus = Corpus {
        rows: &request.rows,
        features: &features,
        background: &background,
    };
    let trained = train(
        made_by(model),
        request.intents,
        corpus,
        request.current.as_ref(),
    )
    .map_err(|error| Failure::Internal(format!("training: {error}")))?;
    let fitted = loaded::now_ms();
    let head = serde_json::to_string(&trained.head)
        .map_err(|error| Failure::Internal(error.to_string()))?;
    json(&TrainIntentsResponse {
        head,
        encoder: trained.head.encoder,
        cross_validation: trained.cross_validation,
        previous: trained.previous,
        promote: trained.promote,
        reason: trained.reason,
        elapsed_ms: loaded::now_ms() - started,
        features_ms: read - started,
        fit_ms: fitted - read,
    })
}

/// The features of the background, read once.
fn background(model: &Model) -> Result<Rc<Vec<Vec<f32>>>, Failure> {
    if let Some(kept) = BACKGROUND_FEATURES.with_borrow(Clone::clone) {
        return Ok(kept);
    }
    let features = Rc::new(features_of(model, BACKGROUND)?);
    BACKGROUND_FEATURES.set(Some(Rc::clone(&features)));
    Ok(features)
}

fn features_of<'a>(
    model: &'a Model,
    texts: impl IntoIterator<Item = &'a str> + 'a,
) -> Result<Vec<Vec<f32>>, Failure> {
    model
        .run_batch(texts)
        .map(|reading| Ok(reading?.features))
        .collect()
}

/// `POST /intents/test`
pub fn test_intents(model: &Model, request: &TestIntentsRequest) -> Result<Response, Failure> {
    let own = match head_of(request.account_id, Some(&request.own_intents)) {
        Ok(own) => own,
        Err(needed) => return json(&TestIntentsAnswer::HeadNeeded(needed)),
    };
    let started = loaded::now_ms();
    let scored = match own {
        Some(own) if own.head.encoder == made_by(model) => {
            let reading = model.run(&request.text)?;
            own.head
                .score(&reading.features, &request.text)
                .map_err(|error| Failure::Internal(error.to_string()))?
        }
        _ => Scored {
            intents: Vec::new(),
            none: 0.0,
        },
    };
    json(&TestIntentsAnswer::Scored(TestIntentsResponse {
        intents: scored.intents,
        none: scored.none,
        elapsed_ms: loaded::now_ms() - started,
    }))
}

/// `GET /models`
pub fn models(model: &Model) -> Result<Response, Failure> {
    let manifest = serde_json::from_str(MANIFEST)
        .map_err(|error| Failure::Internal(format!("the manifest: {error}")))?;
    json(&ModelsResponse {
        encoder: made_by(model),
        manifests: vec![manifest],
    })
}

/// What heads of `model` are bound to: a digest of the files that determine its features. A release that changes other files,
/// or names, leaves the heads alone. The model is the shipped one; this isolate loads no other.
pub fn made_by(_model: &Model) -> ModelRef {
    ModelRef {
        id: FEATURES.into(),
        version: FEATURES_DIGEST.with(Clone::clone),
    }
}

fn report(account_id: AccountId, version: u32, error: &impl std::fmt::Display) {
    #[derive(Serialize)]
    struct Line {
        message: String,
        #[serde(rename = "account.id")]
        account_id: AccountId,
    }
    log(
        Level::Error,
        &Line {
            message: format!("own intents of {account_id}, version {version}: {error}"),
            account_id,
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgedesk_wire::inference::{IntentLabel, TrainingRow};

    fn account(digit: char) -> AccountId {
        let id = format!("acc_0000000000000000000000000{digit}");
        id.parse().expect("an id")
    }

    fn intent(digit: usize) -> IntentId {
        let id = format!("int_0000000000000000000000000{digit}");
        id.parse().expect("an id")
    }

    /// Of two intents, told apart by the sign of one feature.
    fn head_json(encoder_version: &str) -> String {
        let rows: Vec<TrainingRow> = (0..20)
            .map(|number| TrainingRow {
                intent: Some(number % 2),
                text: String::new(),
                in_current: false,
            })
            .collect();
        let features: Vec<Vec<f32>> = (0..20)
            .map(|number| vec![if number % 2 == 0 { 1.0 } else { -1.0 }])
            .collect();
        let encoder = ModelRef {
            id: "encoder".into(),
            version: encoder_version.into(),
        };
        let intents = [0, 1].map(|place| IntentLabel {
            intent_id: intent(place),
            name: format!("Intent {place}"),
        });
        let background = vec![vec![0.0]; BACKGROUND.len()];
        let corpus = Corpus {
            rows: &rows,
            features: &features,
            background: &background,
        };
        let trained = train(encoder, intents.into(), corpus, None);
        serde_json::to_string(&trained.expect("there is enough").head).expect("JSON")
    }

    fn named(version: u32, head: Option<String>) -> OwnIntentsRef {
        OwnIntentsRef {
            version,
            head,
            retired: Vec::new(),
        }
    }

    fn analysis(with_intent: bool) -> Analysis {
        let mut json: serde_json::Value = serde_json::from_str(
            r#"{"sentiment":{"polarity":"negative","label":"negative","confidence":0.9,"score":-0.5,"trend":"stable"},
                "intent":{"primary":"feedback","confidence":0.8,"secondary":[]},"escalation_risk":0.25,"confidence":0.9,
                "reasons":[{"code":"a","text":"b","weight":0.25}],"model":{"id":"encoder","version":"1"},"elapsed_ms":1.5}"#,
        )
        .expect("JSON");
        if !with_intent {
            json["intent"] = serde_json::Value::Null;
        }
        serde_json::from_value(json).expect("an analysis")
    }

    #[test]
    fn a_head_is_asked_for_once_and_remembered_by_account_and_version() {
        assert!(matches!(head_of(account('1'), None), Ok(None)));
        let needed = |account_id, version| {
            head_of(account_id, Some(&named(version, None)))
                .err()
                .map(|needed| needed.head_needed)
        };
        assert_eq!(needed(account('1'), 3), Some(3));
        let sent = head_of(account('1'), Some(&named(3, Some(head_json("1")))));
        assert!(matches!(sent, Ok(Some(OwnHead { version: 3, .. }))));
        assert_eq!(needed(account('1'), 3), None, "it is remembered");
        assert_eq!(needed(account('1'), 4), Some(4));
        assert_eq!(needed(account('2'), 3), Some(3), "another account's");
    }

    #[test]
    fn a_head_is_applied_to_the_features_that_it_was_trained_on_only() {
        let own = |encoder_version: &str, version| {
            let named = named(version, Some(head_json(encoder_version)));
            head_of(account('1'), Some(&named)).ok().flatten()
        };
        let encoder = ModelRef {
            id: "encoder".into(),
            version: "1".into(),
        };
        let mut said = analysis(true);
        // Another model had a say in the mood; the features are the encoder's all the same.
        said.model.id = "encoder+words".into();
        let features = [-1.0];
        let applied = apply(
            own("1", 11),
            account('1'),
            &encoder,
            &mut said,
            &features,
            "text",
        );
        assert_eq!(applied, Some(11));
        let found = said.intent.and_then(|intent| intent.own).expect("it fits");
        assert_eq!((found.intent_id, found.version), (intent(1), 11));

        let mut gone = own("1", 14).expect("it is sent");
        gone.retired.push(intent(1));
        let mut said = analysis(true);
        let applied = apply(
            Some(gone),
            account('1'),
            &encoder,
            &mut said,
            &features,
            "text",
        );
        assert_eq!(applied, Some(14), "the version had its say");
        assert_eq!(said, analysis(true), "the intent is gone");

        for (head, with_intent, what) in [
            (own("2", 12), true, "another encoder's"),
            (own("1", 13), false, "nothing to stand beside"),
            (None, true, "none"),
        ] {
            let mut said = analysis(with_intent);
            let before = said.clone();
            let applied = apply(head, account('1'), &encoder, &mut said, &features, "text");
            assert_eq!((applied, said), (None, before), "{what}");
        }
    }
}
