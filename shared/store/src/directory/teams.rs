//! The teams of an account and who is in them.

use edgedesk_domain::ids::{AccountId, TeamId, UserId};
use serde::{Deserialize, Serialize};

use super::Directory;
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Most teams of an account: all their ids fit into a socket ticket.
pub const MAX_TEAMS: u32 = 50;

const LIST: &str = "
    SELECT t.account_id, t.id, t.name,
      (SELECT json_group_array(json_object('id', u.id, 'name', u.name))
       FROM team_members tm JOIN users u ON u.id = tm.user_id
       WHERE tm.account_id = t.account_id AND tm.team_id = t.id) AS members
    FROM teams t
    WHERE t.account_id = ?1
    ORDER BY t.name, t.id";
const FIND: &str = "SELECT account_id, id FROM teams WHERE account_id = ?1 AND id = ?2";
// `?2` is a text that holds the ids.
const FIND_MEMBERS: &str = "
    SELECT account_id, user_id FROM memberships WHERE account_id = ?1 AND instr(?2, user_id) > 0";
// One statement decides: of any number of requests at once, none makes one team too many, or a second of one name.
const INSERT: &str = "
    INSERT INTO teams (account_id, id, name)
    SELECT ?1, ?2, ?3 WHERE (SELECT COUNT(*) FROM teams WHERE account_id = ?1) < ?4
    ON CONFLICT DO NOTHING
    RETURNING account_id, id";
const RENAME: &str = "
    UPDATE OR IGNORE teams SET name = ?3 WHERE account_id = ?1 AND id = ?2
    RETURNING account_id, id";
const DELETE: &str = "
    DELETE FROM teams WHERE account_id = ?1 AND id = ?2 RETURNING account_id, id";
const LEAVE: &str = "
    DELETE FROM team_members WHERE account_id = ?1 AND team_id = ?2 AND instr(?3, user_id) = 0";
// Nobody joins a team that was not made, or that has just been deleted, or an account that they have left.
const JOIN: &str = "
    INSERT INTO team_members (account_id, user_id, team_id)
    SELECT m.account_id, m.user_id, ?2 FROM memberships m
    WHERE m.account_id = ?1 AND instr(?3, m.user_id) > 0
      AND EXISTS (SELECT 1 FROM teams WHERE account_id = ?1 AND id = ?2)
    ON CONFLICT DO NOTHING";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 7] = [LIST, FIND, FIND_MEMBERS, RENAME, DELETE, LEAVE, JOIN];

/// A team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// What it is called; no other team of the account is called the same.
    pub name: String,
    /// Who is in it, by name.
    pub members: Vec<TeamMember>,
}

/// A member of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamMember {
    /// The user.
    pub id: UserId,
    /// Their display name.
    pub name: String,
}

/// What became of making or changing a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeamOutcome {
    /// It is as asked.
    Done,
    /// The account has no such team.
    NoTeam,
    /// Another team has the name.
    NameTaken,
    /// The account has [`MAX_TEAMS`].
    TooMany,
    /// One of those who should be in it is no member of the account.
    NoMember,
}

impl<D: Database> Directory<D> {
    /// The teams of an account, by name.
    pub async fn list_teams(&self, account_id: AccountId) -> Result<Vec<Team>, StoreError> {
        let rows = self
            .of(account_id)
            .query(LIST, &[Value::text(account_id)])
            .await?;
        rows.iter().map(team).collect()
    }

    /// Whether the account has this team.
    pub async fn has_team(
        &self,
        account_id: AccountId,
        team_id: TeamId,
    ) -> Result<bool, StoreError> {
        let parameters = [Value::text(account_id), Value::text(team_id)];
        let rows = self.of(account_id).query(FIND, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Makes a team with these members.
    pub async fn create_team(
        &self,
        account_id: AccountId,
        team_id: TeamId,
        name: &str,
        members: &[UserId],
    ) -> Result<TeamOutcome, StoreError> {
        if !self.are_members(account_id, members).await? {
            return Ok(TeamOutcome::NoMember);
        }
        let mut insert = key(account_id, team_id);
        insert.extend([Value::text(name), Value::Int(i64::from(MAX_TEAMS))]);
        let mut statements = vec![Statement::new(INSERT, insert)];
        statements.extend(membership(account_id, team_id, members));
        let answers = self.of(account_id).batch(statements).await?;
        if answers.first().is_some_and(|rows| !rows.is_empty()) {
            return Ok(TeamOutcome::Done);
        }
        let teams = self.list_teams(account_id).await?;
        Ok(if teams.iter().any(|team| team.name == name) {
            TeamOutcome::NameTaken
        } else {
            TeamOutcome::TooMany
        })
    }

    /// Gives a team another name and other members.
    pub async fn change_team(
        &self,
        account_id: AccountId,
        team_id: TeamId,
        name: &str,
        members: &[UserId],
    ) -> Result<TeamOutcome, StoreError> {
        let teams = self.list_teams(account_id).await?;
        if !teams.iter().any(|team| team.id == team_id) {
            return Ok(TeamOutcome::NoTeam);
        }
        if teams
            .iter()
            .any(|team| team.id != team_id && team.name == name)
        {
            return Ok(TeamOutcome::NameTaken);
        }
        if !self.are_members(account_id, members).await? {
            return Ok(TeamOutcome::NoMember);
        }
        let mut rename = key(account_id, team_id);
        rename.push(Value::text(name));
        let mut statements = vec![Statement::new(RENAME, rename)];
        statements.extend(membership(account_id, team_id, members));
        let answers = self.of(account_id).batch(statements).await?;
        // Another team may have taken the name a moment ago.
        Ok(if answers.first().is_some_and(|rows| !rows.is_empty()) {
            TeamOutcome::Done
        } else {
            TeamOutcome::NameTaken
        })
    }

    /// Deletes a team. Gives whether there was one. Its conversations stay its own: those who see all give them to others.
    pub async fn delete_team(
        &self,
        account_id: AccountId,
        team_id: TeamId,
    ) -> Result<bool, StoreError> {
        let mut statements = vec![Statement::new(DELETE, key(account_id, team_id))];
        statements.extend(membership(account_id, team_id, &[]));
        let answers = self.of(account_id).batch(statements).await?;
        Ok(answers.first().is_some_and(|rows| !rows.is_empty()))
    }

    async fn are_members(
        &self,
        account_id: AccountId,
        users: &[UserId],
    ) -> Result<bool, StoreError> {
        let parameters = [Value::text(account_id), ids(users)];
        let rows = self.of(account_id).query(FIND_MEMBERS, &parameters).await?;
        let distinct: std::collections::BTreeSet<_> = users.iter().collect();
        Ok(rows.len() == distinct.len())
    }
}

/// The statements after which exactly these are in a team.
fn membership(account_id: AccountId, team_id: TeamId, members: &[UserId]) -> [Statement; 2] {
    [LEAVE, JOIN].map(|sql| {
        let mut parameters = key(account_id, team_id);
        parameters.push(ids(members));
        Statement::new(sql, parameters)
    })
}

fn key(account_id: AccountId, team_id: TeamId) -> Vec<Value> {
    vec![Value::text(account_id), Value::text(team_id)]
}

/// Ids in one text, in which SQL looks for each: one is never a part of another.
fn ids(users: &[UserId]) -> Value {
    Value::Text(crate::json(&users))
}

fn team(row: &Row) -> Result<Team, StoreError> {
    let mut members: Vec<TeamMember> = row.json("members")?;
    members.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(Team {
        id: row.parsed("id")?,
        name: row.text("name")?.to_owned(),
        members,
    })
}

#[cfg(test)]
mod tests;
