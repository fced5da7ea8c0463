//! Which answers are compressed. The runtime does it; here is who gets it.
//!
//! BREACH reads a secret out of the length of a compressed answer in which the secret stands beside text that an attacker chose. Nobody
//! can make a browser send our access tokens, which are in a header; the only cookie belongs to `/api/v1/auth`, and what has secrets to
//! give is there and in the routes of [`super::idempotency::gives_secret`]. None of these is compressed.

use axum::extract::Request;
use js_sys::Reflect;
use wasm_bindgen::JsValue;

use super::idempotency::gives_secret;
use crate::extract::RawRequest;

/// Answers up to this are sent as they are: they fit into one packet either way.
pub const MIN_BYTES: usize = 1_024;

/// Whether answers of a path of the API are compressed at all.
#[must_use]
pub fn may_be_compressed(path: &str) -> bool {
    !path.starts_with("/api/v1/auth/") && !path.starts_with("/api/v1/me/") && !gives_secret(path)
}

/// What the client says that it takes. The platform puts its own `Accept-Encoding` in the place of the client's, which it tells beside
/// the request (`cf.clientAcceptEncoding`); what is asked without it in between has the header alone.
#[must_use]
pub fn client_encodings(request: &Request) -> String {
    let of_client = request.extensions().get::<RawRequest>().and_then(|raw| {
        let cf = Reflect::get((*raw.0).as_ref(), &JsValue::from_str("cf")).ok()?;
        if !cf.is_object() {
            return None;
        }
        let told = Reflect::get(&cf, &JsValue::from_str("clientAcceptEncoding")).ok()?;
        told.as_string()
    });
    of_client
        .or_else(|| super::all_of(request.headers(), "accept-encoding"))
        .unwrap_or_default()
}

/// Whether a list of codings takes gzip (RFC 9110, section 12.5.3): named or by `*`, and not with `q=0`. Who names nothing gets the
/// answer as it is.
#[must_use]
pub fn accepts_gzip(encodings: &str) -> bool {
    let mut others = false;
    for item in encodings.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let quality = parts.find_map(quality).unwrap_or(1.0);
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            return quality > 0.0;
        }
        if coding == "*" {
            others = quality > 0.0;
        }
    }
    others
}

/// The number of `q=…`; what is none is 0, as whoever wrote it meant something that we do not know.
fn quality(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("q")
        .then(|| value.trim().parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for takes in [
            "gzip",
            "GZIP",
            "br, gzip;q=0.1",
            "*",
            "identity;q=0, *;q=0.5",
            "x-gzip",
            "gzip ; q=1",
        ] {
            assert!(accepts_gzip(takes), "{takes}");
        }
        for refuses in [
            "",
            "identity",
            "br, zstd",
            "gzip;q=0",
            "gzip;q=0.000, *",
            "*;q=0",
            "gzip;q=x",
            "gzipped",
        ] {
            assert!(!accepts_gzip(refuses), "{refuses}");
        }
    }

    #[test]
    fn what_gives_secrets_is_never_compressed() {
        for path in [
            "/api/v1/conversations",
            "/api/v1/customers/cus_1",
            "/api/v1/articles",
        ] {
            assert!(may_be_compressed(path), "{path}");
        }
        for path in [
            "/api/v1/auth/login",
            "/api/v1/auth/csrf",
            "/api/v1/me/second-factor",
            "/api/v1/api-keys",
            "/api/v1/socket-tickets",
        ] {
            assert!(!may_be_compressed(path), "{path}");
        }
    }
}
