//! A namespace of a real API server.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client, Config, ResourceExt};
use serde_json::{Value, json};
use stepgate::api::StepFunctionsApi;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::wait::eventually;

/// The chart.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/stepgate");
/// Where a release that is only there for the CRD lives.
pub const CRD_NAMESPACE: &str = "stepgate-crds";

/// A namespace, and who may do what in it.
pub struct Kubernetes {
    /// The administrator's client.
    pub client: Client,
    /// Name of the namespace.
    pub namespace: String,
    /// Name of the chart's objects.
    pub release: String,
    /// Kubeconfig of a ServiceAccount that has the chart's permissions and no others.
    pub least_privileged: PathBuf,
}

impl Kubernetes {
    pub(super) async fn new(namespace: &str, directory: &Path) -> Self {
        static CRD: OnceCell<()> = OnceCell::const_new();
        CRD.get_or_init(|| async {
            let install = ["upgrade", "--install", "crds", CHART, "--create-namespace", "--set", "replicas=0"];
            run("helm", &[install.as_slice(), &["-n", CRD_NAMESPACE]].concat(), "").await.expect("the CRD installs");
            let wait = ["wait", "--for=condition=Established", "crd/stepfunctionsapis.stepgate.dev"];
            kubectl(&wait, "").await.expect("the CRD is established");
        })
        .await;
        let client = Client::try_default().await.expect("KUBECONFIG leads to a cluster");
        let object = Namespace {
            metadata: ObjectMeta { name: Some(namespace.into()), ..Default::default() },
            ..Default::default()
        };
        Api::all(client.clone()).create(&PostParams::default(), &object).await.expect("a namespace");
        // What `helm install` would make, without the Deployment's Pod: the test runs the controller itself.
        let watch = format!("watchNamespace={namespace}");
        let arguments =
            ["template", namespace, CHART, "-n", namespace, "--set", "replicas=0,crds.enabled=false", "--set", &watch];
        let manifests = run("helm", &arguments, "").await.expect("the chart renders");
        kubectl(&["apply", "-n", namespace, "-f", "-"], &manifests).await.expect("the chart applies");
        let least_privileged = directory.join("kubeconfig");
        let mut kube = Self { client, namespace: namespace.into(), release: String::new(), least_privileged };
        kube.release = kube.account().await;
        kube.write_kubeconfig().await;
        kube
    }

    async fn account(&self) -> String {
        let accounts: Api<ServiceAccount> = self.api();
        let all = accounts.list(&ListParams::default()).await.expect("service accounts");
        all.iter().map(ResourceExt::name_any).find(|name| name != "default").expect("the chart's account")
    }

    async fn write_kubeconfig(&self) {
        let accounts: Api<ServiceAccount> = self.api();
        let spec = TokenRequestSpec { audiences: vec![], bound_object_ref: None, expiration_seconds: Some(7200) };
        let request = TokenRequest { spec, ..Default::default() };
        let answer =
            accounts.create_token_request(&self.release, &PostParams::default(), &request).await.expect("a token");
        let config = Config::infer().await.expect("a configuration");
        let authority = config.root_cert.map(|certificates| {
            let path = self.least_privileged.with_extension("ca.crt");
            let pem: String = certificates.iter().map(|der| pem(der)).collect();
            std::fs::write(&path, pem).expect("the authority's certificate");
            path.display().to_string()
        });
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "bed", "cluster": {"server": config.cluster_url.to_string(), "certificate-authority": authority}}],
            "users": [{"name": "controller", "user": {"token": answer.status.expect("a token").token}}],
            "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": "controller"}}],
            "current-context": "bed",
        });
        std::fs::write(&self.least_privileged, kubeconfig.to_string()).expect("a kubeconfig");
    }

    /// The controller's kubeconfig, with the API server behind another address.
    pub fn kubeconfig_through(&self, address: &str) -> PathBuf {
        let text = std::fs::read_to_string(&self.least_privileged).expect("a kubeconfig");
        let mut kubeconfig: Value = serde_json::from_str(&text).expect("JSON");
        kubeconfig["clusters"][0]["cluster"]["server"] = json!(format!("https://{address}"));
        let path = self.least_privileged.with_extension(address.replace(':', "_"));
        std::fs::write(&path, kubeconfig.to_string()).expect("a kubeconfig");
        path
    }

    /// Objects of this namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// `kubectl apply` of manifests. The error is what a user sees.
    pub async fn apply(&self, manifests: &str) -> Result<String, String> {
        kubectl(&["apply", "-n", &self.namespace, "-f", "-"], manifests).await
    }

    /// Applies a spec, written as YAML, under a name.
    pub async fn apply_spec(&self, name: &str, spec: &str) -> Result<String, String> {
        let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
        let head = "apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\n";
        self.apply(&format!("{head}metadata: {{name: {name}}}\nspec:\n{spec}")).await
    }

    /// kubectl in this namespace.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        kubectl(&[&["-n", &self.namespace], arguments].concat(), "").await
    }

    /// The object as it is.
    pub async fn get(&self, name: &str) -> StepFunctionsApi {
        self.api().get(name).await.expect("the object")
    }

    /// Changes fields of an object by a merge patch, as a user.
    pub async fn patch(&self, name: &str, patch: Value) {
        let api: Api<StepFunctionsApi> = self.api();
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.expect("the patch applies");
    }

    /// Asks for a check now and waits until it was made.
    pub async fn check_now(&self, name: &str, request: &str) -> StepFunctionsApi {
        self.patch(name, json!({"metadata": {"annotations": {"stepgate.dev/check-now": request}}})).await;
        eventually("the echo of check-now", || async {
            let object = self.get(name).await;
            let echo = object.status.as_ref().and_then(|status| status.last_handled_check_now.clone());
            if echo.as_deref() == Some(request) { Ok(object) } else { Err(format!("{echo:?}")) }
        })
        .await
    }

    /// Waits until the object's Ready condition is about its present spec, and of that status and reason.
    pub async fn wait(&self, name: &str, status: &str, reason: &str) -> StepFunctionsApi {
        eventually(&format!("Ready={status} {reason} of {name}"), || async {
            let object = self.get(name).await;
            let seen = object.status.as_ref().map(|status| status.observed_generation) == object.metadata.generation;
            let ready = condition(&object, "Ready");
            match ready {
                Some(ready) if seen && ready.status == status && ready.reason == reason => Ok(object),
                other => Err(format!("generation seen: {seen}, {other:?}")),
            }
        })
        .await
    }

    /// Waits until the object is ready for its present spec.
    pub async fn wait_ready(&self, name: &str) -> StepFunctionsApi {
        self.wait(name, "True", "Applied").await
    }

    /// Deletes an object and waits until it is gone.
    pub async fn delete(&self, name: &str) {
        let api: Api<StepFunctionsApi> = self.api();
        api.delete(name, &DeleteParams::default()).await.expect("the deletion is taken");
        self.wait_gone(name).await;
    }

    /// Waits until an object is gone.
    pub async fn wait_gone(&self, name: &str) {
        let api: Api<StepFunctionsApi> = self.api();
        eventually(&format!("the end of {name}"), || async {
            match api.get_opt(name).await.map_err(|error| error.to_string())? {
                None => Ok(()),
                Some(object) => Err(format!("{:?}", condition(&object, "Ready"))),
            }
        })
        .await;
    }

    /// Events about an object, as (reason, note).
    pub async fn events(&self, name: &str) -> Vec<(String, String)> {
        let api: Api<Event> = self.api();
        let all = api.list(&ListParams::default()).await.expect("events");
        let about = |event: &Event| event.regarding.as_ref().and_then(|object| object.name.as_deref()) == Some(name);
        let text = |event: Event| (event.reason.unwrap_or_default(), event.note.unwrap_or_default());
        all.into_iter().filter(about).map(text).collect()
    }
}

/// A condition of an object.
pub fn condition<'a>(
    object: &'a StepFunctionsApi,
    kind: &str,
) -> Option<&'a k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition> {
    object.status.as_ref()?.conditions.iter().find(|condition| condition.type_ == kind)
}

fn pem(der: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let encoded = serde_json::to_value(k8s_openapi::ByteString(der.to_vec())).expect("base64");
    for line in encoded.as_str().expect("text").as_bytes().chunks(64) {
        let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
    }
    text + "-----END CERTIFICATE-----\n"
}

async fn kubectl(arguments: &[&str], input: &str) -> Result<String, String> {
    run("kubectl", arguments, input).await
}

/// Output of a program, or what it says of its failure.
pub async fn run(program: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).await.map_err(|error| error.to_string())?;
    drop(stdin);
    let output = child.wait_with_output().await.map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
