//! Usage plans and API keys.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::types::{
    ApiKey as SdkApiKey, ApiStage, Op, PatchOperation, QuotaPeriodType, QuotaSettings, ThrottleSettings,
    UsagePlan as SdkUsagePlan,
};

use super::SdkAws;
use super::apigateway::PAGE;
use super::call::{all, gone, incomplete};
use crate::aws::{Result, UsagePlanHead, UsagePlanPatch, UsagePlans};
use crate::model::{
    ApiKey, ApiKeyId, ApiKeyValue, ObservedApiKey, Quota, RestApiId, Throttle, UsagePlan, UsagePlanId,
    UsagePlanSettings,
};

fn throttle(found: &ThrottleSettings) -> Throttle {
    Throttle { rate_limit: found.rate_limit, burst_limit: found.burst_limit }
}

fn sdk_throttle(throttle: &Throttle) -> ThrottleSettings {
    ThrottleSettings::builder().rate_limit(throttle.rate_limit).burst_limit(throttle.burst_limit).build()
}

fn quota(found: QuotaSettings) -> Quota {
    let period = found.period.as_ref().map(QuotaPeriodType::as_str).unwrap_or_default().to_owned();
    Quota { limit: found.limit, offset: found.offset, period }
}

fn head(found: SdkUsagePlan) -> Option<UsagePlanHead> {
    let stages = found.api_stages.unwrap_or_default().into_iter().filter_map(|stage| {
        let methods = stage.throttle.unwrap_or_default();
        let methods = methods.iter().map(|(method, found)| (method.clone(), throttle(found))).collect();
        Some(((RestApiId(stage.api_id?), stage.stage?), methods))
    });
    Some(UsagePlanHead {
        id: UsagePlanId(found.id?),
        name: found.name.unwrap_or_default(),
        settings: UsagePlanSettings {
            description: found.description.filter(|text| !text.is_empty()),
            throttle: found.throttle.as_ref().map(throttle),
            quota: found.quota.map(quota),
        },
        stages: stages.collect(),
        tags: found.tags.unwrap_or_default().into_iter().collect(),
    })
}

fn key(found: SdkApiKey) -> Option<ObservedApiKey> {
    Some(ObservedApiKey {
        id: ApiKeyId(found.id?),
        name: found.name.unwrap_or_default(),
        enabled: found.enabled,
        value: ApiKeyValue(found.value.unwrap_or_default()),
        tags: found.tags.unwrap_or_default().into_iter().collect(),
    })
}

/// `replace` also sets what was not there, as Terraform's provider has it. Paths of methods are not escaped:
/// <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/apigateway/usage_plan.go>.
fn patch_operations(patch: &UsagePlanPatch) -> Vec<PatchOperation> {
    let operation =
        |op, path: String, value: Option<String>| PatchOperation::builder().op(op).path(path).set_value(value).build();
    let replace = |path: String, value: String| operation(Op::Replace, path, Some(value));
    let limits = |path: &str, limit: &Throttle| {
        [
            replace(format!("{path}/rateLimit"), limit.rate_limit.to_string()),
            replace(format!("{path}/burstLimit"), limit.burst_limit.to_string()),
        ]
    };
    let mut operations = Vec::new();
    operations.extend(patch.name.clone().map(|name| replace("/name".into(), name)));
    operations.extend(patch.description.clone().map(|text| replace("/description".into(), text)));
    match &patch.throttle {
        Some(Some(limit)) => operations.extend(limits("/throttle", limit)),
        Some(None) => operations.push(operation(Op::Remove, "/throttle".into(), None)),
        None => {}
    }
    match &patch.quota {
        Some(Some(quota)) => operations.extend([
            replace("/quota/limit".into(), quota.limit.to_string()),
            replace("/quota/offset".into(), quota.offset.to_string()),
            replace("/quota/period".into(), quota.period.clone()),
        ]),
        Some(None) => operations.push(operation(Op::Remove, "/quota".into(), None)),
        None => {}
    }
    let stages = |op: Op, stages: &BTreeSet<String>| {
        let all = stages.iter().map(move |stage| operation(op.clone(), "/apiStages".into(), Some(stage.clone())));
        all.collect::<Vec<_>>()
    };
    operations.extend(stages(Op::Remove, &patch.remove_stages));
    operations.extend(stages(Op::Add, &patch.add_stages));
    let path = |(stage, method): &(String, String)| format!("/apiStages/{stage}/throttle/{method}");
    operations.extend(patch.remove_throttles.iter().map(|at| operation(Op::Remove, path(at), None)));
    operations.extend(patch.set_throttles.iter().flat_map(|(at, limit)| limits(&path(at), limit)));
    operations
}

impl UsagePlans for SdkAws {
    async fn get_usage_plans(&self) -> Result<Vec<UsagePlanHead>> {
        let plans = all(async |position| {
            let request = self.apigateway.get_usage_plans().limit(PAGE).set_position(position).send();
            let page = self.call("apigateway:GetUsagePlans", "list usage plans", request).await?;
            Ok((page.items, page.position))
        });
        Ok(plans.await?.into_iter().filter_map(head).collect())
    }

    async fn get_usage_plan_keys(&self, id: &UsagePlanId) -> Result<BTreeSet<ApiKeyId>> {
        let keys = all(async |position| {
            let request = self.apigateway.get_usage_plan_keys().usage_plan_id(&id.0).limit(PAGE);
            let request = request.set_position(position).send();
            let tried = format!("list the keys of usage plan {id}");
            let page = self.call("apigateway:GetUsagePlanKeys", tried, request).await?;
            Ok((page.items, page.position))
        });
        Ok(keys.await?.into_iter().filter_map(|key| key.id.map(ApiKeyId)).collect())
    }

    async fn create_usage_plan(&self, plan: &UsagePlan, api: &RestApiId) -> Result<UsagePlanId> {
        let operation = "apigateway:CreateUsagePlan";
        let stages: Vec<ApiStage> = (plan.stages.iter())
            .map(|(name, methods)| {
                let methods: BTreeMap<_, _> =
                    methods.iter().map(|(method, limit)| (method.clone(), sdk_throttle(limit))).collect();
                let throttle = (!methods.is_empty()).then(|| methods.into_iter().collect());
                ApiStage::builder().api_id(&api.0).stage(name).set_throttle(throttle).build()
            })
            .collect();
        let settings = &plan.settings;
        let quota = settings.quota.as_ref().map(|quota| {
            let period = QuotaPeriodType::from(quota.period.as_str());
            QuotaSettings::builder().limit(quota.limit).offset(quota.offset).period(period).build()
        });
        let request = self
            .apigateway
            .create_usage_plan()
            .name(&plan.name)
            .set_description(settings.description.clone())
            .set_api_stages(Some(stages))
            .set_throttle(settings.throttle.as_ref().map(sdk_throttle))
            .set_quota(quota)
            .set_tags(Some(plan.tags.clone().into_iter().collect()))
            .send();
        let answer = self.call(operation, format!("create usage plan {:?}", plan.name), request).await?;
        answer.id.map(UsagePlanId).ok_or_else(|| incomplete(operation, "id"))
    }

    async fn update_usage_plan(&self, id: &UsagePlanId, patch: &UsagePlanPatch) -> Result<()> {
        let operations = patch_operations(patch);
        let request =
            self.apigateway.update_usage_plan().usage_plan_id(&id.0).set_patch_operations(Some(operations)).send();
        self.call("apigateway:UpdateUsagePlan", format!("update usage plan {id}"), request).await.map(drop)
    }

    async fn delete_usage_plan(&self, id: &UsagePlanId) -> Result<()> {
        let request = self.apigateway.delete_usage_plan().usage_plan_id(&id.0).send();
        gone(self.call("apigateway:DeleteUsagePlan", format!("delete usage plan {id}"), request).await)
    }

    async fn get_api_keys(&self, prefix: Option<&str>) -> Result<Vec<ObservedApiKey>> {
        let keys = all(async |position| {
            let request = self.apigateway.get_api_keys().limit(PAGE).include_values(true);
            let request = request.set_name_query(prefix.map(str::to_owned)).set_position(position).send();
            let page = self.call("apigateway:GetApiKeys", "list API keys", request).await?;
            Ok((page.items, page.position))
        });
        Ok(keys.await?.into_iter().filter_map(key).collect())
    }

    async fn create_api_key(&self, key: &ApiKey) -> Result<(ApiKeyId, ApiKeyValue)> {
        let operation = "apigateway:CreateApiKey";
        let request = self
            .apigateway
            .create_api_key()
            .name(&key.name)
            .enabled(true)
            .set_value(key.value.as_ref().map(|value| value.0.clone()))
            .set_tags(Some(key.tags.clone().into_iter().collect()))
            .send();
        let answer = self.call(operation, format!("create API key {:?}", key.name), request).await?;
        let id = answer.id.ok_or_else(|| incomplete(operation, "id"))?;
        let value = answer.value.ok_or_else(|| incomplete(operation, "value"))?;
        Ok((ApiKeyId(id), ApiKeyValue(value)))
    }

    async fn update_api_key(&self, id: &ApiKeyId, name: &str) -> Result<()> {
        let replace =
            |path: &str, value: &str| PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
        let request = self
            .apigateway
            .update_api_key()
            .api_key(&id.0)
            .patch_operations(replace("/name", name))
            .patch_operations(replace("/enabled", "true"))
            .send();
        self.call("apigateway:UpdateApiKey", format!("update API key {id}"), request).await.map(drop)
    }

    async fn delete_api_key(&self, id: &ApiKeyId) -> Result<()> {
        let request = self.apigateway.delete_api_key().api_key(&id.0).send();
        gone(self.call("apigateway:DeleteApiKey", format!("delete API key {id}"), request).await)
    }

    async fn create_usage_plan_key(&self, plan: &UsagePlanId, key: &ApiKeyId) -> Result<()> {
        let request =
            self.apigateway.create_usage_plan_key().usage_plan_id(&plan.0).key_id(&key.0).key_type("API_KEY").send();
        let tried = format!("add API key {key} to usage plan {plan}");
        self.call("apigateway:CreateUsagePlanKey", tried, request).await.map(drop)
    }

    async fn delete_usage_plan_key(&self, plan: &UsagePlanId, key: &ApiKeyId) -> Result<()> {
        let request = self.apigateway.delete_usage_plan_key().usage_plan_id(&plan.0).key_id(&key.0).send();
        let tried = format!("take API key {key} out of usage plan {plan}");
        gone(self.call("apigateway:DeleteUsagePlanKey", tried, request).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths are those of AWS's "Patch operations" for usage plans.
    #[test]
    fn patches_name_each_change() {
        let at = |stage: &str, method: &str| (stage.to_owned(), method.to_owned());
        let patch = UsagePlanPatch {
            description: Some(String::new()),
            throttle: Some(None),
            quota: Some(Some(Quota { limit: 5, offset: 1, period: "WEEK".into() })),
            remove_stages: BTreeSet::from(["api:old".into()]),
            add_stages: BTreeSet::from(["api:new".into()]),
            remove_throttles: BTreeSet::from([at("api:kept", "/a/GET")]),
            set_throttles: BTreeMap::from([(
                at("api:new", "/orders/{id}/POST"),
                Throttle { rate_limit: 0.5, burst_limit: 2 },
            )]),
            ..UsagePlanPatch::default()
        };
        let line = |operation: &PatchOperation| {
            let op = operation.op.as_ref().map(Op::as_str).unwrap_or_default();
            format!("{op} {} {}", operation.path().unwrap_or_default(), operation.value().unwrap_or("-"))
        };
        let lines: Vec<String> = patch_operations(&patch).iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "replace /description ",
                "remove /throttle -",
                "replace /quota/limit 5",
                "replace /quota/offset 1",
                "replace /quota/period WEEK",
                "remove /apiStages api:old",
                "add /apiStages api:new",
                "remove /apiStages/api:kept/throttle//a/GET -",
                "replace /apiStages/api:new/throttle//orders/{id}/POST/rateLimit 0.5",
                "replace /apiStages/api:new/throttle//orders/{id}/POST/burstLimit 2",
            ]
        );
    }
}
