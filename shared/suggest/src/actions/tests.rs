use edgedesk_domain::account::Channel;
use edgedesk_domain::suggestion::ActionWord::{
    Acknowledge, AskForDetails, CancelOrder, ChangeOrder, CheckBilling, Escalate, ReportFault,
    RestoreAccess, StartRefund, TrackShipment,
};

use super::*;
use crate::testing::{analysis, with_act, with_intent, with_score};

fn actions(case: &Case) -> Vec<ActionWord> {
    let actions = recommended_actions(case);
    assert!(actions.len() <= MAX_ACTIONS);
    assert!(
        actions
            .windows(2)
            .all(|pair| pair[0].confidence >= pair[1].confidence)
    );
    actions.into_iter().map(|action| action.action).collect()
}

fn check(text: &str, intent: &str, expected: &[ActionWord]) {
    let mut case = Case::of(text, Channel::Widget);
    case.analysis = Some(with_intent(analysis(), intent, 0.9));
    assert_eq!(actions(&case), expected, "{text} ({intent})");
}

#[test]
fn an_intent_proposes_its_workflow() {
    check(
        "I want my money back",
        "refund_request",
        &[StartRefund, AskForDetails],
    );
    check(
        "I want a refund for order 20012345",
        "refund_request",
        &[StartRefund],
    );
    check("Cancel order 20012345", "cancellation", &[CancelOrder]);
    check("Where is order 20012345?", "order_status", &[TrackShipment]);
    check("Change order 20012345", "order_status", &[ChangeOrder]);
    check("How do you deliver?", "shipping_inquiry", &[]);
    check(
        "Where is my parcel?",
        "shipping_inquiry",
        &[TrackShipment, AskForDetails],
    );
    check("I cannot log in", "account_access", &[RestoreAccess]);
    check("How can one pay?", "billing_inquiry", &[CheckBilling]);
    check("It crashes", "technical_support", &[ReportFault]);
    check("How large is it?", "product_question", &[]);
}

#[test]
fn thanks_are_taken_note_of() {
    let mut case = Case::of("You are the best!", Channel::Widget);
    let kind = with_intent(with_score(analysis(), 0.9), "feedback", 0.9);
    case.analysis = Some(with_act(kind, "compliment"));
    assert_eq!(actions(&case), [Acknowledge]);
}

#[test]
fn threats_and_risk_are_for_somebody_with_more_rights() {
    let mut case = Case::of("My lawyer will sue you over my refund", Channel::Widget);
    case.analysis = Some(with_intent(analysis(), "refund_request", 0.8));
    assert_eq!(actions(&case), [Escalate, StartRefund, AskForDetails]);
    let mut case = Case::of("Let me speak to your manager", Channel::Widget);
    assert_eq!(actions(&case), [Escalate]);
    "Hello".clone_into(&mut case.text);
    assert_eq!(actions(&case), []);
    let mut risky = analysis();
    risky.escalation_risk = 0.6;
    case.analysis = Some(risky);
    assert_eq!(actions(&case), [Escalate]);
}

#[test]
fn what_is_not_sure_proposes_nothing() {
    let mut case = Case::of("I want my money back", Channel::Widget);
    case.analysis = Some(with_intent(analysis(), "refund_request", 0.3));
    assert_eq!(actions(&case), []);
}
