import type { Member } from '../../../shared/members';
import { user } from '../api/session';
import { fullTime } from '../state/clock';
import {
  giveOwnRole,
  giveRole,
  inviteOpen,
  isAbove,
  removing,
  resetting,
  roleLabel,
  rolesUpTo,
  unlocking,
} from '../state/members';
import { roles } from '../state/roles';
import { Avatar } from './avatar';
import { Icon } from './icon';
import { Menu, MenuItem } from './menu';

export function MemberList({ members }: { members: Member[] }) {
  return (
    <section class="card list-card" aria-labelledby="members-title">
      <header class="card-head">
        <h3 id="members-title">
          Members <span class="card-count">{members.length}</span>
        </h3>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            inviteOpen.value = true;
          }}
        >
          <Icon name="plus" />
          Invite somebody
        </button>
      </header>
      <ul class="intents">
        {members.map((member) => (
          <MemberRow key={member.id} member={member} />
        ))}
      </ul>
    </section>
  );
}

function MemberRow({ member }: { member: Member }) {
  const own = user.value?.role;
  const isMe = member.id === user.value?.id;
  const fixed = isAbove(member.role, own);
  const label = member.own_role?.name ?? roleLabel(member.role);
  return (
    <li class="intent member">
      <Avatar id={member.id} name={member.name} />
      <div class="intent-main">
        <span class="key-name">{isMe ? `${member.name} (you)` : member.name}</span>
        <span class="intent-counts">{member.email}</span>
        <span class="intent-counts">
          Member since {fullTime(member.since)} ·{' '}
          {member.last_seen_at ? `last seen ${fullTime(member.last_seen_at)}` : 'not seen lately'}
        </span>
        <LoginPills member={member} />
      </div>
      {fixed ? (
        <span class="chip status">{label}</span>
      ) : (
        <>
          <Menu
            name={`Role of ${member.name}`}
            label={`Role of ${member.name}: ${label}. Change`}
            button={
              <>
                <span class="button-text">{label}</span>
                <Icon name="chevron" />
              </>
            }
          >
            {(close) => <RoleItems member={member} close={close} />}
          </Menu>
          {!isMe && <LoginMenu member={member} />}
          <button
            type="button"
            class="button ghost danger icon-only"
            aria-label={`Remove ${member.name}`}
            title={`Remove ${member.name}`}
            onClick={() => {
              removing.value = member;
            }}
          >
            <Icon name="trash" />
          </button>
        </>
      )}
    </li>
  );
}

/** What stands out of how they log in. */
function LoginPills({ member }: { member: Member }) {
  const bare = member.has_second_factor === false;
  if (!bare && !member.locked_until) return null;
  return (
    <span class="login-pills">
      {bare && <span class="chip status">No second factor</span>}
      {member.locked_until && (
        <span class="chip status escalated">
          <Icon name="lock" />
          Locked until {fullTime(member.locked_until)}
        </span>
      )}
    </span>
  );
}

/** What can be done about how they log in; nothing where there is nothing to do. */
function LoginMenu({ member }: { member: Member }) {
  if (!member.has_second_factor && !member.locked_until) return null;
  return (
    <Menu
      name={`Login of ${member.name}`}
      label={`Login of ${member.name}`}
      buttonClass="button ghost icon-only"
      align="end"
      button={<Icon name="more" />}
    >
      {(close) => (
        <>
          {member.locked_until && (
            <MenuItem
              onSelect={() => {
                close();
                unlocking.value = member;
              }}
            >
              <Icon name="lock" />
              Unlock
            </MenuItem>
          )}
          {member.has_second_factor && (
            <MenuItem
              onSelect={() => {
                close();
                resetting.value = member;
              }}
            >
              <Icon name="shield" />
              Reset the second factor
            </MenuItem>
          )}
        </>
      )}
    </Menu>
  );
}

/** The built-in roles that one may give, and those of the account's own. */
function RoleItems({ member, close }: { member: Member; close: () => void }) {
  const ownRole = member.own_role?.id;
  return (
    <>
      {rolesUpTo(user.value?.role).map(({ role, label, about }) => (
        <MenuItem
          key={role}
          checked={!ownRole && role === member.role}
          onSelect={() => {
            close();
            if (ownRole || role !== member.role) void giveRole(member, role);
          }}
        >
          <span class="menu-text">
            {label}
            <span class="role-about">{about}</span>
          </span>
        </MenuItem>
      ))}
      {(roles.value.value?.roles ?? []).map((role) => (
        <MenuItem
          key={role.id}
          checked={role.id === ownRole}
          onSelect={() => {
            close();
            if (role.id !== ownRole) void giveOwnRole(member, role);
          }}
        >
          <span class="menu-text">
            {role.name}
            <span class="role-about">A part of {roleLabel(role.base)}</span>
          </span>
        </MenuItem>
      ))}
    </>
  );
}
