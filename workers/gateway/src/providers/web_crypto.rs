//! Signatures of identity providers and of Zendesk, verified by the runtime: RSA and elliptic curves of our own would cost the Worker a
//! tenth of what it may weigh.

use edgedesk_oidc::client::Signatures;
use edgedesk_oidc::jwks::{Algorithm, PublicKey};
use js_sys::{Array, JSON, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = verify, catch)]
    fn verify(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        text: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

/// The runtime's Web Crypto.
#[derive(Debug)]
pub struct WebCrypto;

impl Signatures for WebCrypto {
    async fn is_good(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        text: &[u8],
        signature: &[u8],
    ) -> bool {
        // A key or a signature that is none throws: it is no good one.
        verified(algorithm, key, text, signature)
            .await
            .unwrap_or(false)
    }
}

async fn verified(
    algorithm: Algorithm,
    key: &PublicKey,
    text: &[u8],
    signature: &[u8],
) -> Result<bool, JsValue> {
    let parameters = JSON::parse(match algorithm {
        Algorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        Algorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
    })?;
    let (format, key) = match key {
        PublicKey::Spki { der } => ("spki", Uint8Array::from(der.as_slice()).into()),
        PublicKey::Rsa { .. } | PublicKey::P256 { .. } => {
            let jwk = serde_json::to_string(key).map_err(|_| JsValue::NULL)?;
            ("jwk", JSON::parse(&jwk)?)
        }
    };
    let usages = Array::of1(&JsValue::from_str("verify"));
    let imported = import_key(format, &key, &parameters, false, &usages)?;
    let key = JsFuture::from(imported).await?;
    let answer = verify(
        &parameters,
        &key,
        &Uint8Array::from(signature),
        &Uint8Array::from(text),
    )?;
    Ok(JsFuture::from(answer).await? == JsValue::TRUE)
}
