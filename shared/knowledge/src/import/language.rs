//! Which words are languages.

/// The codes of ISO 639-1, each two letters, in their order.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en \
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km \
    kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi \
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz \
    ve vi vo wa wo xh yi yo za zh zu";

/// The code (ISO 639-1) of a language tag such as `de`, `DE`, `pt-BR` or `en_US`: the region is left out. `None` for anything else.
#[must_use]
pub fn code(tag: &str) -> Option<&'static str> {
    let language = tag.split(['-', '_']).next()?;
    CODES
        .split(' ')
        .find(|code| code.eq_ignore_ascii_case(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_its_language() {
        for (tag, expected) in [
            ("en", Some("en")),
            ("DE", Some("de")),
            ("pt-BR", Some("pt")),
            ("en_US", Some("en")),
            ("zh-Hant-TW", Some("zh")),
            ("xx", None),
            ("english", None),
            ("deu", None),
            ("e", None),
            ("", None),
            ("-en", None),
            ("en fr", None),
        ] {
            assert_eq!(code(tag), expected, "{tag:?}");
        }
        let codes: Vec<&str> = CODES.split(' ').collect();
        assert!(codes.iter().all(|code| code.len() == 2));
        assert!(codes.is_sorted());
    }
}
