"""IAM roles as other services see them: who may assume one, what its sessions may do, and how late they learn of it.

IAM is eventually consistent: its own reads show a change at once here, evaluation shows it
`iamDelaySeconds` later. Nothing checks a role before an invocation, as on AWS.
"""

from dataclasses import dataclass

from moto.iam.models import iam_backends

import strict_policy as policy
from strict_actions import find_role
from strict_settings import CLOCK, SETTINGS
from strict_time import Timeline


@dataclass(frozen=True)
class Role:
    """What decides about a role, as it was at some moment. Policies are JSON text; managed ones are ARNs."""

    arn: str
    trust: str
    inline: tuple
    attached: tuple
    boundary: str | None

    @classmethod
    def current(cls, account, partition, name):
        role = find_role(account, partition, name)
        if role is None:
            return None
        return cls(
            role.arn,
            role.assume_role_policy_document,
            tuple(role.policies.values()),
            tuple(role.managed_policies),
            role.permissions_boundary_arn,
        )


def current_policy(account, partition, arn):
    """Text of a managed policy's default version; AWS's own policies are in every account."""
    managed = iam_backends[account][partition].managed_policies.get(arn)
    if managed is None:
        return None
    return next(v.document for v in managed.versions if v.version_id == managed.default_version_id)


def propagated():
    """What was written up to this time is in force."""
    return CLOCK.now() - SETTINGS["iamDelaySeconds"]


def parse_role_arn(arn):
    """(account, partition, name) of a role ARN, which may have a path; None for anything else."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/"):
        return None
    return parts[4], parts[1], parts[5].rsplit("/", 1)[-1]


class Roles:
    def __init__(self):
        self._roles, self._policies, self._sessions = Timeline(), Timeline(), {}

    # --- following IAM's writes ---

    def before_write(self, call):
        """Keep the state that readers see until the write has propagated."""
        if name := call.params.get("RoleName"):
            self._roles.start((call.account, name), Role.current(call.account, call.partition, name))
        if arn := call.params.get("PolicyArn"):
            self._policies.start((call.account, arn), current_policy(call.account, call.partition, arn))

    def after_write(self, call):
        now = CLOCK.now()
        if name := call.params.get("RoleName"):
            self._roles.record((call.account, name), now, Role.current(call.account, call.partition, name))
        if arn := call.params.get("PolicyArn"):
            self._policies.record((call.account, arn), now, current_policy(call.account, call.partition, arn))

    def remember_session(self, call, answer):
        """Whose the credentials are that AssumeRole gave out."""
        self._sessions[answer["Credentials"]["AccessKeyId"]] = call.params["RoleArn"], call.params["RoleSessionName"]

    # --- what others see ---

    def role(self, arn):
        """The role as it has propagated, None if there is none."""
        parsed = parse_role_arn(arn)
        if parsed is None:
            return None
        account, partition, name = parsed
        role = self._roles.at((account, name), propagated(), lambda: Role.current(account, partition, name))
        return role if role and role.arn == arn else None

    def _managed(self, account, partition, arn):
        text = self._policies.at((account, arn), propagated(), lambda: current_policy(account, partition, arn))
        return policy.parse(text) if text else {}

    def may_be_assumed(self, arn, principal, context):
        """Whether the role exists and its trust policy lets the principal assume it."""
        role = self.role(arn)
        if role is None:
            return False
        ask = policy.Ask("sts:AssumeRole", arn, context)
        return policy.judge([policy.parse(role.trust)], ask, principal)[0] is policy.Verdict.ALLOWED

    def subject(self, arn, session):
        """The role's session with the policies in force; without the role it may nothing."""
        account, partition, name = parse_role_arn(arn)
        session_arn = f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}"
        role = self.role(arn)
        if role is None:
            return policy.Subject(session_arn, ())
        documents = [policy.parse(text) for text in role.inline]
        documents += [self._managed(account, partition, managed) for managed in role.attached]
        boundary = self._managed(account, partition, role.boundary) if role.boundary else None
        return policy.Subject(session_arn, tuple(documents), boundary)

    def session(self, access_key):
        """The subject behind an access key from AssumeRole, None for any other key."""
        return self.subject(*self._sessions[access_key]) if access_key in self._sessions else None
