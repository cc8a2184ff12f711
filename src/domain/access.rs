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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The unit; `None` is everything, for a system administrator before there is a unit.
    pub unit: Option<UnitId>,
    /// Whether the units below are included.
    pub below: bool,
}

/// A signed-in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Number of the account.
    pub id: i32,
    /// Name of the account.
    pub username: String,
    /// What was granted.
    pub grants: Vec<Grant>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Be signed in; of no unit.
    Own,
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
            ManageAccounts, ManageCampaigns, ManageUnits, Own, Publish, Read, ReadAudit, Review, Submit,
        };
        match permission {
            Own | Read => true,
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

/// Whether an actor may do this to this unit.
#[must_use]
pub fn may(actor: &Actor, tree: &UnitTree, permission: Permission, unit: UnitId) -> bool {
    actor.grants.iter().any(|grant| grant.role.includes(permission) && grant.covers(tree, unit))
}

/// Whether an actor may do this to all there is, now and later: only a grant over everything allows it.
#[must_use]
pub fn may_everywhere(actor: &Actor, permission: Permission) -> bool {
    actor.grants.iter().any(|grant| grant.role.includes(permission) && grant.unit.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unit::{Unit, UnitCode, UnitKind};

    fn tree() -> UnitTree {
        let unit = |id, parent: Option<i32>| Unit {
            id: UnitId(id),
            code: UnitCode::new(&format!("u{id}")).unwrap(),
            name: format!("u{id}"),
            kind: UnitKind::Other,
            parent: parent.map(UnitId),
            opened_on: None,
            closed_on: None,
            order: 0,
        };
        UnitTree::new(vec![unit(1, None), unit(2, Some(1)), unit(3, Some(2)), unit(4, Some(1))]).unwrap()
    }

    fn actor(role: Role, unit: i32, below: bool) -> Actor {
        Actor { id: 1, username: "a".into(), grants: vec![Grant { role, unit: Some(UnitId(unit)), below }] }
    }

    #[test]
    fn scope_is_a_unit_and_its_subtree() {
        let tree = tree();
        let seen = |actor: &Actor, permission| -> Vec<i32> {
            (1..=4).filter(|&unit| may(actor, &tree, permission, UnitId(unit))).collect()
        };
        assert_eq!(seen(&actor(Role::Office, 2, true), Permission::Submit), [2, 3]);
        assert_eq!(seen(&actor(Role::Reporter, 2, false), Permission::Submit), [2]);
        assert_eq!(seen(&actor(Role::Reporter, 2, true), Permission::Submit), [2, 3]);
        assert_eq!(seen(&actor(Role::Viewer, 1, true), Permission::Read), [1, 2, 3, 4]);
        assert!(seen(&actor(Role::Viewer, 1, true), Permission::Submit).is_empty());
        assert!(seen(&actor(Role::Reviewer, 1, true), Permission::ManageUnits).is_empty());
        assert!(seen(&actor(Role::Reporter, 9, true), Permission::Read).is_empty());
    }
}
