//! Whole answers of text generators, of the three kinds that we ask: JSON or a stream of events, of any status.
//!
//! In whatever pieces an answer comes, what becomes of it is the same. A text is not blank, is what was heard in pieces, and has at most
//! three bytes for one of the answer. What a failure quotes has at most 200 characters.

use edgedesk_fuzz::played::{Still, Stream};
use edgedesk_generate::transport::Limits;
use edgedesk_generate::workers_ai::{RestSettings, WorkersAiRest};
use edgedesk_generate::{ApiKey, GenerateError, GenerateRequest, Generated, TextGenerator};
use edgedesk_generate::{Message, Role, anthropic, openai};
use futures::executor::block_on;

const STATUSES: [u16; 4] = [200, 429, 500, 404];
/// Few, so that an input reaches them.
const LIMITS: Limits = Limits {
    first_byte_millis: 10_000,
    between_millis: 5_000,
    whole_millis: 30_000,
    max_body_bytes: 2_048,
    max_event_bytes: 1_024,
};

pub fn run(bytes: &[u8]) {
    let [choice, piece_bytes, body @ ..] = bytes else {
        return;
    };
    let status = if choice & 0x30 == 0 {
        STATUSES[0]
    } else {
        STATUSES[usize::from(choice >> 4) % STATUSES.len()]
    };
    let content_type = if choice & 8 == 0 {
        "text/event-stream; charset=utf-8"
    } else {
        "application/json"
    };
    let ask = |piece_bytes| {
        let http = Stream::new(status, content_type, body, piece_bytes);
        answer_of(choice % 3, http)
    };
    let (whole, heard) = ask(body.len());
    let in_pieces = ask(usize::from(*piece_bytes));
    if body.len() <= LIMITS.max_body_bytes {
        assert_eq!(in_pieces, (whole.clone(), heard.clone()));
    }
    match whole {
        Ok(generated) => {
            assert!(!generated.text.trim().is_empty());
            assert_eq!(generated.text, heard);
            assert!(generated.text.len() <= 3 * body.len());
            assert!(body.len() <= LIMITS.max_body_bytes);
        }
        Err(error) => assert!(error.detail.chars().count() <= 200, "{error}"),
    }
}

/// What comes of it, and what was heard on the way.
fn answer_of(provider: u8, http: Stream) -> (Result<Generated, GenerateError>, String) {
    let provider_name = "played".to_owned();
    let model = "m".to_owned();
    let mut heard = String::new();
    let mut hear = |text: &str| heard.push_str(text);
    let request = request();
    let result = match provider {
        0 => {
            let settings = openai::Settings {
                provider: provider_name,
                base_url: "https://openai.invalid/v1".to_owned(),
                api_key: Some(ApiKey::new("k")),
                model,
                token_limit: openai::TokenLimit::default(),
                structured: openai::Structured::default(),
                limits: LIMITS,
            };
            let client = openai::OpenAi {
                settings,
                http,
                runtime: Still,
            };
            block_on(client.generate(&request, &mut hear))
        }
        1 => {
            let settings = anthropic::Settings {
                provider: provider_name,
                base_url: "https://anthropic.invalid".to_owned(),
                api_key: ApiKey::new("k"),
                model,
                limits: LIMITS,
            };
            let client = anthropic::Anthropic {
                settings,
                http,
                runtime: Still,
            };
            block_on(client.generate(&request, &mut hear))
        }
        _ => {
            let rest = RestSettings {
                base_url: "https://cloudflare.invalid".to_owned(),
                account: "a".to_owned(),
                api_token: ApiKey::new("k"),
            };
            let client = WorkersAiRest {
                provider: provider_name,
                model,
                limits: LIMITS,
                rest,
                http,
                runtime: Still,
            };
            block_on(client.generate(&request, &mut hear))
        }
    };
    (result, heard)
}

fn request() -> GenerateRequest {
    GenerateRequest {
        instructions: "Answer.".to_owned(),
        messages: vec![Message {
            role: Role::User,
            text: "Hello".to_owned(),
        }],
        max_output_tokens: 100,
        temperature: None,
        language: "en".to_owned(),
        response_schema: None,
        stream: true,
    }
}
