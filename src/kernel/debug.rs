//! `debug_request`: there is no debugger.

use jupyter_protocol::UnknownMessage;
use serde_json::{Value, json};

/// The refusal, as a response of the Debug Adapter Protocol.
///
/// `debugInfo` is how a front end finds out whether a debugger runs, so it is answered.
#[must_use]
pub fn refuse(request: &Value) -> UnknownMessage {
    let command = request.get("command").and_then(Value::as_str).unwrap_or("");
    let mut response = json!({
        "type": "response",
        "seq": 0,
        "request_seq": request.get("seq").and_then(Value::as_i64).unwrap_or(0),
        "command": command,
    });
    if command == "debugInfo" {
        response["success"] = json!(true);
        response["body"] = json!({
            "isStarted": false,
            "hashMethod": "",
            "hashSeed": 0,
            "tmpFilePrefix": "",
            "tmpFileSuffix": "",
            "breakpoints": [],
            "stoppedThreads": [],
            "richRendering": false,
            "exceptionPaths": [],
            "copyToGlobals": false,
        });
    } else {
        response["success"] = json!(false);
        response["message"] = json!("not supported");
        response["body"] = json!({"error": {
            "id": 1,
            "format": "this kernel has no debugger; print with `dbg!`, or run the code with `cargo` \
                       and a debugger",
            "showUser": true,
        }});
    }
    UnknownMessage {
        msg_type: "debug_reply".to_owned(),
        content: response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_request_that_it_answers() {
        let reply = refuse(&json!({"seq": 7, "type": "request", "command": "attach"})).content;
        assert_eq!(reply["success"], false);
        assert_eq!(
            (reply["request_seq"].as_i64(), &reply["command"]),
            (Some(7), &json!("attach"))
        );
    }

    #[test]
    fn whether_a_debugger_runs_is_told() {
        let reply = refuse(&json!({"seq": 1, "command": "debugInfo"})).content;
        assert_eq!(
            (&reply["success"], &reply["body"]["isStarted"]),
            (&json!(true), &json!(false))
        );
    }

    #[test]
    fn rubbish_is_refused_too() {
        for request in [json!(null), json!([]), json!({"seq": "x", "command": 3})] {
            assert_eq!(refuse(&request).content["success"], false);
        }
    }
}
