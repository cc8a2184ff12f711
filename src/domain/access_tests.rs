use super::*;
use crate::domain::unit::{Unit, UnitCode, UnitKind};

/// 1 ─ 2 ─ 3, 1 ─ 4.
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

fn grant(role: Role, unit: i32, below: bool) -> Grant {
    Grant { role, unit: Some(UnitId(unit)).filter(|unit| unit.0 > 0), below }
}

fn actor(role: Role, unit: i32, below: bool) -> Actor {
    Actor::new(1, "a".into(), vec![grant(role, unit, below)])
}

fn seen(actor: &Actor, permission: Permission) -> Vec<i32> {
    (1..=4).filter(|&unit| may(actor, &tree(), permission, UnitId(unit))).collect()
}

const ALL: [Permission; 10] = [
    Permission::Own,
    Permission::Personal,
    Permission::Read,
    Permission::Submit,
    Permission::Review,
    Permission::ManageCampaigns,
    Permission::ManageUnits,
    Permission::Publish,
    Permission::ManageAccounts,
    Permission::ReadAudit,
];

#[test]
fn scope_is_a_unit_and_its_subtree() {
    assert_eq!(seen(&actor(Role::Office, 2, true), Permission::Submit), [2, 3]);
    assert_eq!(seen(&actor(Role::Reporter, 2, false), Permission::Submit), [2]);
    assert_eq!(seen(&actor(Role::Reporter, 2, true), Permission::Submit), [2, 3]);
    assert_eq!(seen(&actor(Role::Viewer, 1, true), Permission::Read), [1, 2, 3, 4]);
    assert!(seen(&actor(Role::Viewer, 1, true), Permission::Submit).is_empty());
    assert!(seen(&actor(Role::Reviewer, 1, true), Permission::ManageUnits).is_empty());
    assert!(seen(&actor(Role::Reporter, 9, true), Permission::Read).is_empty());
}

#[test]
fn a_token_is_at_most_what_it_and_its_owner_have() {
    let tree = tree();
    for owner in Role::ALL {
        for most in Role::ALL {
            for (own, cut) in [
                ((1, true), (2, true)),
                ((2, true), (1, true)),
                ((2, false), (2, true)),
                ((4, true), (2, true)),
            ] {
                let full = actor(*owner, own.0, own.1);
                let token = Actor { door: Door::Token(grant(*most, cut.0, cut.1)), ..full.clone() };
                let ceiling = actor(*most, cut.0, cut.1);
                for permission in ALL {
                    let expected: Vec<i32> = seen(&full, permission)
                        .into_iter()
                        .filter(|unit| seen(&ceiling, permission).contains(unit))
                        .filter(|_| !matches!(permission, Permission::Personal | Permission::ManageAccounts))
                        .collect();
                    assert_eq!(seen(&token, permission), expected, "{owner:?} {most:?} {permission:?}");
                    let scopes = scopes(&token, &tree, permission);
                    let within: Vec<i32> = (1..=4)
                        .filter(|&unit| scopes.iter().any(|scope| scope.covers(&tree, UnitId(unit))))
                        .collect();
                    assert_eq!(within, expected, "scopes and may say the same");
                }
                assert!(!may_self(&token, Permission::Personal));
                assert!(!may_grant(&token, &tree, &grant(Role::Viewer, 3, true)));
                assert!(!may_delegate(&token, &tree, &grant(Role::Viewer, 3, true)));
            }
        }
    }
    let everything = Actor { door: Door::Token(grant(Role::Admin, 2, true)), ..actor(Role::Admin, 0, true) };
    assert!(!may_everywhere(&everything, Permission::ManageUnits), "a token over a part is not over all");
}

#[test]
fn a_link_reports_for_its_unit_and_nothing_else() {
    let link = Actor { door: Door::Link(7), id: link_actor(3), ..actor(Role::Reporter, 2, false) };
    for permission in ALL {
        let may: &[i32] =
            if matches!(permission, Permission::Read | Permission::Submit) { &[2] } else { &[] };
        assert_eq!(seen(&link, permission), may, "{permission:?}");
        assert!(!may_self(&link, permission));
    }
    assert!(may_enter(&link, 7) && !may_enter(&link, 8));
    assert_eq!((link_of(link.id), link_of(1)), (Some(3), None));
}

#[test]
fn whoever_is_held_may_only_get_on() {
    for held in [Held::ChangePassword, Held::EnrolTotp] {
        let held = Actor { held: Some(held), ..actor(Role::Admin, 0, true) };
        assert!(ALL.iter().all(|permission| seen(&held, *permission).is_empty()));
        assert!(!may_everywhere(&held, Permission::ManageUnits));
        assert!(may_self(&held, Permission::Personal) && may_self(&held, Permission::Own));
    }
}

#[test]
fn duties_may_be_separate() {
    use Permission::{ManageAccounts, ManageUnits, Publish, ReadAudit, Review, Submit};
    let separate = |role| Actor { duties: Duties::Separate, ..actor(role, 1, true) };
    let has = |role, permission| !seen(&separate(role), permission).is_empty();
    let table = |role| {
        [Submit, Review, Publish, ReadAudit, ManageAccounts, ManageUnits].map(|asked| has(role, asked))
    };
    assert_eq!(table(Role::Admin), [false, false, false, false, true, true]);
    assert_eq!(table(Role::Office), [true, true, true, false, true, true]);
    assert_eq!(table(Role::Auditor), [false, false, false, true, false, false]);
    let tree = tree();
    let auditor = grant(Role::Auditor, 2, true);
    assert!(may_grant(&actor(Role::Office, 1, true), &tree, &auditor));
    assert!(
        !may_grant(&separate(Role::Office), &tree, &auditor),
        "who is watched does not choose who watches"
    );
    let admin = Actor { duties: Duties::Separate, ..actor(Role::Admin, 0, true) };
    assert!(may_grant(&admin, &tree, &auditor));
}

#[test]
fn nobody_gives_more_than_they_have() {
    let tree = tree();
    let office = actor(Role::Office, 2, true);
    for (given, allowed) in [
        (grant(Role::Office, 2, true), true),
        (grant(Role::Reporter, 3, false), true),
        (grant(Role::Admin, 3, true), false),
        (grant(Role::Viewer, 1, true), false),
        (grant(Role::Viewer, 4, true), false),
        (grant(Role::Viewer, 0, true), false),
    ] {
        assert_eq!(may_grant(&office, &tree, &given), allowed, "{given:?}");
    }
    assert!(!may_grant(&actor(Role::Reviewer, 1, true), &tree, &grant(Role::Viewer, 3, true)));
    assert!(may_grant(&actor(Role::Admin, 0, true), &tree, &grant(Role::Admin, 0, true)));
    assert!(!may_grant(&actor(Role::Admin, 2, true), &tree, &grant(Role::Admin, 0, true)));
}
