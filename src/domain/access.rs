//! Who may do what. [`may`] is the only judge.

use super::unit::{UnitId, UnitTree};

/// What a person is to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The system, and everything the office may do.
    Admin,
    /// The propaganda office: everything in its subtree but the system.
    Office,
    /// Checks reports in its subtree.
    Reviewer,
    /// Reports for its unit, and for units below it only if granted.
    Reporter,
    /// Looks.
    Viewer,
    /// Looks, and reads the audit; changes nothing, so that whoever watches is not who acts.
    Auditor,
}

super::coded::coded!(Role {
    Admin = "admin", "系统管理员", "Administrator";
    Office = "office", "普法办", "Office";
    Reviewer = "reviewer", "审核员", "Reviewer";
    Reporter = "reporter", "填报员", "Reporter";
    Viewer = "viewer", "查看者", "Viewer";
    Auditor = "auditor", "审计员", "Auditor";
});

/// A role over a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The unit; `None` is everything, for a system administrator before there is a unit.
    pub unit: Option<UnitId>,
    /// Whether the units below are included.
    pub below: bool,
}

/// The door somebody came in by. It can only take away from what was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// With a password; the number of the session.
    Session(i32),
    /// A program with a token: at most this grant, whatever its owner has.
    Token(Grant),
    /// A report link: one unit in the drive of this number.
    Link(i32),
    /// A device link: a wall screen that shows the drive of this number, and nothing else.
    Screen(i32),
}

/// Which duties go together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Duties {
    /// As the roles say.
    #[default]
    Joined,
    /// The system, the figures and the audit are three people's: an administrator neither reports, reviews, publishes
    /// nor reads the audit; the office does not read the audit, nor appoints who does.
    Separate,
}

/// What somebody must do before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Held {
    /// Choose a password: the one they have was given by somebody else.
    ChangePassword,
    /// Set up one-time codes.
    EnrolTotp,
}

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Number of the account; of a report link the negative number, see [`link_actor`].
    pub id: i32,
    /// Name of the account.
    pub username: String,
    /// What was granted.
    pub grants: Vec<Grant>,
    /// The door.
    pub door: Door,
    /// Which duties go together here.
    pub duties: Duties,
    /// What must be done first.
    pub held: Option<Held>,
}

/// Versions, keys and audit entries that came through a report link name it by its number below zero: accounts count
/// up from one, so the two never meet.
#[must_use]
pub const fn link_actor(link: i32) -> i32 {
    -link
}

/// The number of the report link, if this is one.
#[must_use]
pub const fn link_of(actor: i32) -> Option<i32> {
    if actor < 0 { Some(-actor) } else { None }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Be signed in; of no unit.
    Own,
    /// Change what is one's own: password, one-time codes, sessions, tokens; of no unit.
    Personal,
    /// See figures, completeness and charts of a unit.
    Read,
    /// Report for a unit.
    Submit,
    /// Accept and return.
    Review,
    /// Enter and change campaigns over a unit.
    ManageCampaigns,
    /// Enter and change units under a unit.
    ManageUnits,
    /// Freeze figures as published.
    Publish,
    /// Enter, change and suspend people, tokens and report links.
    ManageAccounts,
    /// Read the audit.
    ReadAudit,
}

impl Role {
    /// Whether the role includes a permission within its scope.
    #[must_use]
    pub const fn includes(self, permission: Permission) -> bool {
        use Permission::{
            ManageAccounts, ManageCampaigns, ManageUnits, Own, Personal, Publish, Read, ReadAudit, Review,
            Submit,
        };
        match permission {
            Own | Personal | Read => true,
            Submit => matches!(self, Self::Admin | Self::Office | Self::Reporter),
            Review => matches!(self, Self::Admin | Self::Office | Self::Reviewer),
            ManageCampaigns | ManageUnits | Publish | ManageAccounts => {
                matches!(self, Self::Admin | Self::Office)
            }
            ReadAudit => matches!(self, Self::Admin | Self::Office | Self::Auditor),
        }
    }
}

impl Grant {
    /// Whether a unit lies in its scope.
    #[must_use]
    pub fn covers(&self, tree: &UnitTree, unit: UnitId) -> bool {
        self.unit.is_none_or(|own| own == unit || (self.below && tree.is_under(unit, own)))
    }
}

impl Door {
    /// Whether a permission passes.
    const fn admits(self, permission: Permission) -> bool {
        use Permission::{ManageAccounts, Personal, Read, Submit};
        match self {
            Self::Session(_) => true,
            // A token never grows into a session: it makes no accounts, links or tokens and changes no password.
            Self::Token(most) => {
                !matches!(permission, Personal | ManageAccounts) && most.role.includes(permission)
            }
            Self::Link(_) => matches!(permission, Read | Submit),
            Self::Screen(_) => matches!(permission, Read),
        }
    }
}

impl Duties {
    /// Whether these duties leave a permission to a role.
    ///
    /// | separate | report, review, publish | read the audit | accounts, units, campaigns |
    /// |---|---|---|---|
    /// | admin | no | no | yes |
    /// | office | yes | no | yes |
    /// | auditor | no | yes | no |
    const fn leave(self, role: Role, permission: Permission) -> bool {
        use Permission::{Publish, ReadAudit, Review, Submit};
        match (self, role) {
            (Self::Separate, Role::Admin) => !matches!(permission, Submit | Review | Publish | ReadAudit),
            (Self::Separate, Role::Office) => !matches!(permission, ReadAudit),
            _ => true,
        }
    }
}

impl Actor {
    /// The same without who it is: to equal ones [`may`] answers alike.
    #[must_use]
    pub fn unnamed(&self) -> Self {
        let door = match self.door {
            Door::Session(_) => Door::Session(0),
            other => other,
        };
        Self { id: 0, username: String::new(), door, ..self.clone() }
    }

    /// Somebody who came in with a password and may do all that was granted.
    #[must_use]
    pub const fn new(id: i32, username: String, grants: Vec<Grant>) -> Self {
        Self { id, username, grants, door: Door::Session(0), duties: Duties::Joined, held: None }
    }

    fn includes(&self, role: Role, permission: Permission) -> bool {
        role.includes(permission)
            && self.duties.leave(role, permission)
            && self.door.admits(permission)
            && self.held.is_none()
    }
}

/// Whether an actor may do this to this unit.
#[must_use]
pub fn may(actor: &Actor, tree: &UnitTree, permission: Permission, unit: UnitId) -> bool {
    let granted = |grant: &Grant| actor.includes(grant.role, permission) && grant.covers(tree, unit);
    let within = match &actor.door {
        Door::Token(most) => most.covers(tree, unit),
        Door::Session(_) | Door::Link(_) | Door::Screen(_) => true,
    };
    within && actor.grants.iter().any(granted)
}

/// Whether an actor may do this to all there is, now and later: only a grant over everything allows it.
#[must_use]
pub fn may_everywhere(actor: &Actor, permission: Permission) -> bool {
    let within = match &actor.door {
        Door::Token(most) => most.unit.is_none(),
        Door::Session(_) | Door::Link(_) | Door::Screen(_) => true,
    };
    within && actor.grants.iter().any(|grant| actor.includes(grant.role, permission) && grant.unit.is_none())
}

/// Whether an actor may do what concerns no unit: [`Permission::Own`] and [`Permission::Personal`]. Whoever is held may,
/// for that is how they get on.
#[must_use]
pub fn may_self(actor: &Actor, permission: Permission) -> bool {
    matches!(permission, Permission::Own | Permission::Personal) && actor.door.admits(permission)
}

/// Whether the door leads into a drive at all.
#[must_use]
pub const fn may_enter(actor: &Actor, campaign: i32) -> bool {
    match actor.door {
        Door::Link(only) | Door::Screen(only) => only == campaign,
        Door::Session(_) | Door::Token(_) => true,
    }
}

/// Where an actor may do this: what was granted, cut to what the door leaves. [`may`] says yes exactly within these.
#[must_use]
pub fn scopes(actor: &Actor, tree: &UnitTree, permission: Permission) -> Vec<Grant> {
    let granted = actor.grants.iter().filter(|grant| actor.includes(grant.role, permission));
    let Door::Token(most) = actor.door else { return granted.copied().collect() };
    granted.filter_map(|grant| meet(tree, grant, &most)).collect()
}

/// What two grants have in common, with the role of the first.
fn meet(tree: &UnitTree, grant: &Grant, most: &Grant) -> Option<Grant> {
    let (unit, below) = match (grant.unit, most.unit) {
        (None, unit) => (unit, most.below),
        (unit, None) => (unit, grant.below),
        (Some(own), Some(other)) if own == other => (Some(own), grant.below && most.below),
        (Some(own), Some(other)) if most.below && tree.is_under(own, other) => (Some(own), grant.below),
        (Some(own), Some(other)) if grant.below && tree.is_under(other, own) => (Some(other), most.below),
        _ => return None,
    };
    Some(Grant { role: grant.role, unit, below })
}

/// Whether an actor may give and take away this grant: an office gives every role but the administrator's within its
/// own subtree, and with separate duties not the auditor's either; an administrator gives all.
#[must_use]
pub fn may_grant(actor: &Actor, tree: &UnitTree, given: &Grant) -> bool {
    let gives = |role: Role| match role {
        Role::Admin => true,
        _ => given.role != Role::Admin && (actor.duties == Duties::Joined || given.role != Role::Auditor),
    };
    scopes(actor, tree, Permission::ManageAccounts)
        .iter()
        .any(|own| gives(own.role) && contains(tree, own, given))
}

/// Whether everything a grant covers lies in another's scope.
fn contains(tree: &UnitTree, own: &Grant, given: &Grant) -> bool {
    match (own.unit, given.unit) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(unit), Some(other)) => {
            own.covers(tree, other) && (own.below || (unit == other && !given.below))
        }
    }
}

/// Whether a token with this grant would do anything for an actor, so that none is made in vain. What it may is judged
/// whenever it is used.
#[must_use]
pub fn may_delegate(actor: &Actor, tree: &UnitTree, wanted: &Grant) -> bool {
    let holds = |own: &Grant| {
        let office = matches!(own.role, Role::Admin | Role::Office) && wanted.role != Role::Admin;
        own.role == wanted.role || wanted.role == Role::Viewer || office
    };
    let reaches = |own: &Grant| match wanted.unit {
        None => own.unit.is_none(),
        Some(unit) => own.covers(tree, unit),
    };
    may_self(actor, Permission::Personal) && actor.grants.iter().any(|own| holds(own) && reaches(own))
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
