use http::HeaderValue;

use super::*;

fn headers(content_type: &'static str, length: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static(length));
    }
    headers
}

#[test]
fn what_is_wrong_with_a_file_has_a_status_and_a_code() {
    let code = |content_type, length, name| {
        let described = described(
            AttachmentId::new(ulid::Ulid(1)),
            &headers(content_type, length),
            name,
        );
        described.map_err(|error| (error.status.as_u16(), error.code))
    };
    let refused = |status: u16, code: &str| Err((status, code.to_owned()));
    let file = code("image/png", Some("10"), "../a.png").unwrap();
    assert_eq!((file.name.as_str(), file.size_bytes), ("a.png", 10));
    assert_eq!(
        code("image/png", None, "a.png"),
        refused(411, "length_required")
    );
    assert_eq!(
        code("image/png", Some("x"), "a.png"),
        refused(411, "length_required")
    );
    assert_eq!(
        code("image/png", Some("20971521"), "a.png"),
        refused(413, "too_large")
    );
    assert_eq!(
        code("text/html", Some("10"), "a.html"),
        refused(415, "type_not_taken")
    );
    assert_eq!(
        code("image/png", Some("0"), "a.png"),
        refused(422, "invalid_attachment")
    );
    assert_eq!(
        code("image/png", Some("10"), ""),
        refused(422, "invalid_attachment")
    );
}

#[test]
fn a_card_number_in_a_name_is_not_kept() {
    let headers = headers("image/png", Some("10"));
    let id = AttachmentId::new(ulid::Ulid(1));
    let file = described(id, &headers, "card 4111 1111 1111 1111.png").unwrap();
    assert!(!file.name.contains("4111 1111"), "{}", file.name);
    assert!(file.name.ends_with("png"), "{}", file.name);
}

#[test]
fn a_name_of_any_script_fits_a_header() {
    for (content_type, name, expected) in [
        (
            "image/png",
            "Foto ä.png",
            "inline; filename*=UTF-8''Foto%20%C3%A4%2Epng",
        ),
        (
            "application/pdf",
            "a\"; x=.pdf",
            "attachment; filename*=UTF-8''a%5F%3B%20x%3D%2Epdf",
        ),
    ] {
        let file = described(
            AttachmentId::new(ulid::Ulid(1)),
            &headers(content_type, Some("10")),
            name,
        )
        .unwrap();
        let disposition = disposition(&file);
        assert_eq!(disposition, expected);
        assert!(HeaderValue::from_str(&disposition).is_ok());
    }
}
