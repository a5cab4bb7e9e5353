//! Step Functions.

use aws_sdk_sfn::types::StateMachineType;

use super::SdkAws;
use super::call::found;
use crate::aws::{Result, StepFunctions};
use crate::model::{Arn, MachineType};

impl StepFunctions for SdkAws {
    async fn describe_state_machine(&self, arn: &Arn) -> Result<Option<MachineType>> {
        let request = self.states.describe_state_machine().state_machine_arn(arn.as_str()).send();
        let tried = format!("describe state machine {arn}");
        let answer = found(self.call("states:DescribeStateMachine", tried, request).await)?;
        Ok(answer.map(|machine| match machine.r#type {
            StateMachineType::Express => MachineType::Express,
            _ => MachineType::Standard,
        }))
    }
}
