import type { Member } from '../../../shared/members';
import { user } from '../api/session';
import { fullTime } from '../state/clock';
import { giveOwnRole, giveRole, inviteOpen, isAbove, removing, roleLabel, rolesUpTo } from '../state/members';
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
