//! Words by which a sentence shows that it does not stand by itself.

/// What a sentence points at that a letter does not have, in lower case: pictures, tables, links, other places of the page.
#[rustfmt::skip]
const ELSEWHERE: [&str; 92] = [
    // English
    "click here", "tap here", "see here", "here to", "screenshot", "the picture", "the image", "the diagram", "the figure",
    "the table", "table below", "the chart", "video", "below", "above", "following link", "this link", "this page",
    "this article", "this section", "next section", "previous section", "as shown", "pictured", "the form on the right",
    // German
    "klicken sie hier", "hier klicken", "bildschirmfoto", "abbildung", "auf dem bild", "im bild", "tabelle", "unten", "oben",
    "folgenden link", "diesen link", "dieser seite", "diesem artikel", "diesem abschnitt", "nächsten abschnitt",
    // French
    "cliquez ici", "capture d'écran", "capture d’écran", "l'image", "l’image", "le tableau", "ci-dessous", "ci-dessus",
    "ce lien", "cette page", "cet article", "cette section",
    // Spanish
    "haga clic aquí", "haz clic aquí", "captura de pantalla", "la imagen", "la tabla", "a continuación", "más abajo",
    "más arriba", "este enlace", "esta página", "este artículo", "esta sección",
    // Italian
    "clicca qui", "clicchi qui", "schermata seguente", "l'immagine", "l’immagine", "la tabella", "qui sotto", "qui sopra",
    "questo link", "questa pagina", "questo articolo", "questa sezione",
    // Portuguese
    "clique aqui", "captura de tela", "captura de ecrã", "a imagem", "a tabela", "abaixo", "acima", "esta ligação",
    "esta seção", "esta secção",
    // Dutch
    "klik hier", "schermafbeelding", "de afbeelding", "de tabel", "hieronder", "hierboven",
];

/// First words of a sentence that speak of the one before it, by language, in lower case. Articles that are also such words, as the
/// German `das` is, are left out.
#[rustfmt::skip]
const LEANING: [(&str, &str); 7] = [
    ("en", "it this these those that they he she them its their then however otherwise also therefore but and or so instead afterwards both neither"),
    ("de", "es dies diese dieser dieses dann danach jedoch sonst andernfalls außerdem deshalb daher aber und oder stattdessen beide"),
    ("fr", "il ils elle elles cela ceci ce cette ces ensuite puis cependant sinon donc mais et ou"),
    ("es", "esto eso estos estas luego entonces además pero y o sino"),
    ("it", "questo questa questi poi quindi inoltre ma e o altrimenti"),
    ("pt", "isto isso este esta depois então além mas e ou"),
    ("nl", "dit deze die daarna anders ook maar en of"),
];

pub(super) fn points_elsewhere(text: &str) -> bool {
    let text = text.to_lowercase();
    ELSEWHERE
        .iter()
        .any(|phrase| crate::text::holds(&text, phrase))
}

/// Whether a sentence in this language (English where it is not known) speaks of the one before it.
pub(super) fn leans_on_what_was_said(text: &str, language: Option<&str>) -> bool {
    let language = language.unwrap_or("en");
    let Some((_, leaning)) = LEANING.iter().find(|(code, _)| *code == language) else {
        return false;
    };
    let first = text
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty());
    first.is_some_and(|first| {
        let first = first.to_lowercase();
        leaning.split(' ').any(|word| word == first)
    })
}
