//! Step Functions.

use aws_sdk_sfn::types::{IncludedData, StateMachineType};

use super::SdkAws;
use super::call::found;
use crate::aws::{Result, StepFunctions};
use crate::model::{Arn, MachineType};

impl StepFunctions for SdkAws {
    async fn describe_state_machine(&self, arn: &Arn) -> Result<Option<MachineType>> {
        // The definition may be encrypted, and reading it would need a permission on the key:
        // <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html>.
        let request = self.states.describe_state_machine().included_data(IncludedData::MetadataOnly);
        let request = request.state_machine_arn(arn.as_str()).send();
        let tried = format!("describe state machine {arn}");
        let answer = found(self.call("states:DescribeStateMachine", tried, request).await)?;
        Ok(answer.map(|machine| match machine.r#type {
            StateMachineType::Express => MachineType::Express,
            _ => MachineType::Standard,
        }))
    }
}
