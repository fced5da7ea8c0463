//! Words and meaning, and what both say together.

use edgedesk_search::fuse::{Found, fuse};
use edgedesk_search::row::Row as VectorRow;
use edgedesk_search::terms::{Word, match_any, most_score, telling, words};
use edgedesk_wire::articles::ArticleHit;
use edgedesk_wire::knowledge::{FindPlaces, FoundPlaces, Question};

use super::vectors::{Asked, VectorIndex};
use super::{Knowledge, Known, Memory, PLACES, decode, store};
use crate::error::ObjectError;
use crate::sql::{ObjectSql, SqlError};
use edgedesk_domain::time::Clock;

/// Articles that each way of searching hands to the fusion.
const CANDIDATES: usize = 30;
/// Rows that are looked at for them: an article has several.
const ROWS: usize = 200;
/// Texts that are asked of the words, of which a filter may leave some out.
const MATCHES: u64 = 200;

/// The meaning of a question, and the index that it is compared with.
struct Meant<'a> {
    asked: Asked<'a>,
    row: VectorRow,
}

impl<S: ObjectSql, C: Clock, V: VectorIndex> Knowledge<S, C, V> {
    pub(super) async fn find(&self, request: &FindPlaces) -> Result<FoundPlaces, ObjectError> {
        match self.find_in(request, request.question.as_ref()).await {
            // An index elsewhere does not answer: words are here.
            Err(ObjectError::Host(_)) => self.find_in(request, None).await,
            outcome => outcome,
        }
    }

    async fn find_in(
        &self,
        request: &FindPlaces,
        question: Option<&Question>,
    ) -> Result<FoundPlaces, ObjectError> {
        // A handle: what is known may become another while the search waits for the vectors.
        let known = self.memory.borrow().clone().unwrap_or_default();
        let models = self.vectors.models().await?;
        let meant = match question {
            None => None,
            Some(question) => {
                let row = decode(&question.row)?;
                let n_values = models.width_of(&question.model);
                (n_values == Some(row.n_values())).then_some(Meant {
                    asked: Asked {
                        model: &question.model,
                    },
                    row,
                })
            }
        };
        let is_wanted = |number: u64| {
            known
                .get(&number)
                .is_some_and(|known| is_wanted(known, request))
        };
        let by_words: Vec<Found> = self
            .by_words(&request.query, known.len() as u64)?
            .into_iter()
            .filter(|found| is_wanted(found.id))
            .take(CANDIDATES)
            .collect();
        let mut by_meaning = match &meant {
            Some(meant) => self.by_meaning(meant, &is_wanted).await?,
            None => Vec::new(),
        };
        if let Some(meant) = &meant {
            // What only the words have found has a meaning, too.
            let unknown: Vec<u64> = by_words
                .iter()
                .map(|found| found.id)
                .filter(|id| by_meaning.iter().all(|other| other.id != *id))
                .collect();
            by_meaning.extend(self.nearness(meant, &unknown).await?);
        }
        let fused = fuse(&by_meaning, &by_words);
        let mut places = Vec::new();
        for found in fused.into_iter().take(request.limit) {
            self.add_places(&mut places, &known, request, meant.as_ref(), found)
                .await?;
        }
        let newest_is_asked = request
            .question
            .as_ref()
            .is_some_and(|question| models.has_other_than(&question.model));
        Ok(FoundPlaces {
            account_id: self.account_id,
            places,
            // Of an index without rows nothing was left out.
            words_only: meant.is_none() && !(request.question.is_some() && models.is_empty()),
            is_model_old: newest_is_asked,
        })
    }

    fn by_words(&self, query: &str, n_texts: u64) -> Result<Vec<Found>, SqlError> {
        let mut counted: Vec<(Word, u64)> = Vec::new();
        for word in words(query) {
            let n = store::count_word(&self.sql, &word)?;
            counted.push((word, n));
        }
        let count = |word: &Word| {
            let found = counted.iter().find(|(other, _)| other == word);
            found.map_or(0, |(_, n)| *n)
        };
        let all = counted.iter().map(|(word, _)| word.clone()).collect();
        let terms = telling(all, n_texts, count);
        let Some(expression) = match_any(&terms) else {
            return Ok(Vec::new());
        };
        let most = most_score(&terms);
        let found = store::match_words(&self.sql, &expression, MATCHES)?;
        Ok(found
            .into_iter()
            .map(|(id, score)| Found {
                id,
                score: score / most,
            })
            .collect())
    }

    /// The nearest articles: each as near as its nearest row.
    async fn by_meaning(
        &self,
        meant: &Meant<'_>,
        is_wanted: &dyn Fn(u64) -> bool,
    ) -> Result<Vec<Found>, ObjectError> {
        let hits = self
            .vectors
            .search(&meant.asked, &meant.row, ROWS, &|id| is_wanted(id / PLACES))
            .await?;
        let mut found: Vec<Found> = Vec::new();
        for hit in hits {
            let id = hit.id / PLACES;
            if found.iter().all(|other| other.id != id) {
                let score = f64::from(hit.similarity);
                found.push(Found { id, score });
            }
        }
        found.truncate(CANDIDATES);
        Ok(found)
    }

    /// How near these articles are, each as near as its nearest row, without those that have none. All rows are asked for at once:
    /// an index elsewhere takes its time for each question.
    async fn nearness(
        &self,
        meant: &Meant<'_>,
        numbers: &[u64],
    ) -> Result<Vec<Found>, ObjectError> {
        let mut ids = Vec::new();
        for number in numbers {
            ids.extend(self.ids_of(*number)?);
        }
        let similarities = self
            .vectors
            .similarities(&meant.asked, &meant.row, &ids)
            .await?;
        let mut nearest: Vec<Found> = Vec::new();
        for (id, similarity) in ids.into_iter().zip(similarities) {
            let Some(similarity) = similarity else {
                continue;
            };
            let (id, score) = (id / PLACES, f64::from(similarity));
            match nearest.last_mut().filter(|found| found.id == id) {
                Some(found) => found.score = found.score.max(score),
                None => nearest.push(Found { id, score }),
            }
        }
        Ok(nearest)
    }

    /// The rows that an article may have.
    fn ids_of(&self, number: u64) -> Result<Vec<u64>, SqlError> {
        let places = 0..=store::n_parts(&self.sql, number)?;
        Ok(places.map(|place| number * PLACES + place).collect())
    }

    /// The rows of an article, nearest first; place 0 is its title.
    async fn best_places(&self, meant: &Meant<'_>, number: u64) -> Result<Vec<Place>, ObjectError> {
        let ids = self.ids_of(number)?;
        let similarities = self
            .vectors
            .similarities(&meant.asked, &meant.row, &ids)
            .await?;
        let mut places: Vec<Place> = ids
            .iter()
            .zip(similarities)
            .filter_map(|(id, similarity)| {
                Some(Place {
                    place: id % PLACES,
                    similarity: f64::from(similarity?),
                })
            })
            .collect();
        places.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        Ok(places)
    }

    async fn add_places(
        &self,
        hits: &mut Vec<ArticleHit>,
        known: &Memory,
        request: &FindPlaces,
        meant: Option<&Meant<'_>>,
        found: Found,
    ) -> Result<(), ObjectError> {
        let Some(article) = known.get(&found.id) else {
            return Ok(());
        };
        let near = match meant {
            Some(meant) => self.best_places(meant, found.id).await?,
            None => Vec::new(),
        };
        // How near the article is: its title says what all of it is about.
        let of_article = near.first().map_or(0.0, |place| place.similarity);
        let mut places: Vec<Place> = near.into_iter().filter(|place| place.place > 0).collect();
        if places.is_empty() {
            places.push(Place {
                place: self.place_by_words(found.id, &request.query)?,
                similarity: of_article,
            });
        }
        for (rank, place) in places.iter().take(request.n_places.max(1)).enumerate() {
            let part = store::part(&self.sql, found.id, place.place)?;
            let part = part.unwrap_or_else(|| store::Part {
                headings: Vec::new(),
                text: article.title.clone(),
                start: 0,
                end: 0,
            });
            hits.push(ArticleHit {
                article_id: article.article_id,
                title: article.title.clone(),
                language: article.language.clone(),
                category_id: article.category_id,
                version: article.version,
                headings: part.headings,
                text: part.text,
                start: part.start,
                end: part.end,
                score: found.score,
                similarity: if rank == 0 {
                    of_article.max(place.similarity)
                } else {
                    place.similarity
                },
            });
        }
        Ok(())
    }

    /// The place with most of the words, the first of equally good ones.
    fn place_by_words(&self, number: u64, query: &str) -> Result<u64, SqlError> {
        let wanted = words(query);
        let mut best = (0, 1);
        for place in 1..=store::n_parts(&self.sql, number)? {
            let Some(part) = store::part(&self.sql, number, place)? else {
                continue;
            };
            let text = words(&part.text);
            let n = wanted.iter().filter(|word| text.contains(word)).count();
            if n > best.0 {
                best = (n, place);
            }
        }
        Ok(best.1)
    }
}

/// A part, and how near it is.
#[derive(Debug, Clone, Copy)]
struct Place {
    place: u64,
    similarity: f64,
}

fn is_wanted(known: &Known, request: &FindPlaces) -> bool {
    request
        .language
        .as_ref()
        .is_none_or(|language| *language == known.language)
        && request
            .category_id
            .is_none_or(|category| Some(category) == known.category_id)
}
