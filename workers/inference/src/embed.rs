//! `POST /embed`: what texts mean, as rows that are compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::analysis::ModelRef;
use edgedesk_encoder::{Embedder, Manifest, Model};
use edgedesk_search::row::Row;
use edgedesk_wire::inference::{
    EmbedRequest, EmbedResponse, MAX_BATCH_TEXT_BYTES, MAX_EMBED_TEXTS,
};

use crate::answer::Failure;

/// What embeddings are made by, as a model.
const EMBEDDING: &str = "embedding";

thread_local! {
    static DIGEST: String = Manifest::shipped()
        // There is no model without a manifest, so no row is ever said to be of this.
        .map_or_else(|_| String::new(), |manifest| manifest.embedding_digest());
}

/// The rows of some texts, in their order. A text that says nothing has none.
pub fn embed(
    model: &Model,
    embedder: &Embedder,
    request: &EmbedRequest,
) -> Result<EmbedResponse, Failure> {
    if request.texts.len() > MAX_EMBED_TEXTS {
        return Err(Failure::TooLarge);
    }
    let rows = request.texts.iter().map(|text| {
        if text.len() > MAX_BATCH_TEXT_BYTES {
            return Err(Failure::TooLarge);
        }
        let vector = embedder.embed(&model.run(text)?)?;
        let row = Row::of(&vector).ok();
        Ok(row.map(|row| STANDARD.encode(row.to_bytes())))
    });
    Ok(EmbedResponse {
        model: ModelRef {
            id: EMBEDDING.into(),
            version: DIGEST.with(Clone::clone),
        },
        rows: rows.collect::<Result<_, Failure>>()?,
    })
}
