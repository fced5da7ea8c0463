use proptest::prelude::*;

use super::*;

fn events(bytes: &[u8]) -> Vec<(String, String)> {
    let events = Parser::new(1000).read(bytes).unwrap().into_iter();
    events.map(|event| (event.kind, event.data)).collect()
}

fn message(data: &str) -> (String, String) {
    ("message".to_owned(), data.to_owned())
}

#[test]
fn a_stream_is_read_as_the_standard_says() {
    let stream = "\u{feff}data: first\n\n: a comment\n\nevent: ping\ndata\n\n\
        data:no blank\ndata:  two blanks\n\nid: 1\nretry: 5\nother: x\n\ndata: {\"a\": 1}  \n\ndata: never ended";
    let expected = [
        message("first"),
        ("ping".to_owned(), String::new()),
        message("no blank\n two blanks"),
        message("{\"a\": 1}  "),
    ];
    assert_eq!(events(stream.as_bytes()), expected);
    assert_eq!(events(stream.replace('\n', "\r\n").as_bytes()), expected);
    assert_eq!(events(stream.replace('\n', "\r").as_bytes()), expected);
}

#[test]
fn a_mark_within_a_stream_is_part_of_its_line() {
    assert_eq!(events("\n\u{feff}data: x\n\n".as_bytes()), []);
    assert_eq!(
        events("data: \u{feff}\n\n".as_bytes()),
        [message("\u{feff}")]
    );
}

#[test]
fn what_is_no_text_is_replaced() {
    assert_eq!(events(b"data: a\xFFb\n\n"), [message("a\u{fffd}b")]);
}

#[test]
fn an_event_that_does_not_end_is_given_up() {
    for line in ["data: ", "event: ", "x"] {
        let mut parser = Parser::new(100);
        let piece = line.repeat(10);
        let read = (0..1000).try_for_each(|_| parser.read(piece.as_bytes()).map(|_| ()));
        assert_eq!(read, Err(TooLong(100)));
    }
    // Many lines are as long as one.
    let mut parser = Parser::new(100);
    let read = (0..1000).try_for_each(|_| parser.read(b"data: 1234\n").map(|_| ()));
    assert_eq!(read, Err(TooLong(100)));
    // And many events are no long one.
    let mut parser = Parser::new(100);
    for _ in 0..1000 {
        assert_eq!(parser.read(b"data: 1234\n\n").unwrap().len(), 1);
    }
}

proptest! {
    /// However a stream is cut into pieces, its events are the same.
    #[test]
    fn pieces_make_no_difference(
        lines in prop::collection::vec(
            prop_oneof![
                Just(String::new()),
                "(data|event|id|:)(: ?)?[ -~é🙂]{0,8}",
                "\u{feff}?[a-z:]{0,6}",
            ],
            0..12,
        ),
        ends in prop::collection::vec(prop::sample::select(&["\n", "\r", "\r\n"][..]), 12),
        cuts in prop::collection::vec(1_usize..9, 1..60),
    ) {
        let stream: String = lines.iter().zip(&ends).flat_map(|(line, end)| [line.as_str(), end]).collect();
        let whole = Parser::new(1000).read(stream.as_bytes()).unwrap();
        let mut parser = Parser::new(1000);
        let mut rest = stream.as_bytes();
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            pieces.extend(parser.read(piece).unwrap());
            rest = behind;
        }
        prop_assert_eq!(pieces, whole);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Parser::new(64).read(&bytes);
    }
}
