// What the sandbox knows, fetched as it changes; labels; requests.

const LABELS = {
  zh: {
    title: "沙箱:本机上的 Telegram", plus10m: "+10 分", plus1h: "+1 小时", plus1d: "+1 天", to8: "到 08:00",
    name: "姓名", addPerson: "加人", groupTitle: "群名(含屏上各人)", addGroup: "建群", addPhone: "加手机",
    write: "写消息", send: "发送", start: "开始", link: "打开链接…", payload: "链接参数(t.me/…?start=)",
    photo: "选照片", sample: "示例照片", album: "相册(3 张)", voice: "语音", sticker: "贴纸", location: "位置",
    contact: "我的电话", block: "停用机器人", unblock: "启用机器人", edited: "已编辑", reply: "回复", cancel: "取消",
    close: "关闭", promote: "设机器人为管理员", addBot: "拉入机器人", removeBot: "踢出机器人", upgrade: "升级为超级群", replyHint: "双击回复",
    joined: "加入", left: "离开", pinned: "置顶了", renamed: "改群名为", moved: "群已升级", private: "私聊",
    offline: "连不上沙箱", nobody: "先在上面加一个人", empty: "还没有消息", ok: "好",
    document: "文件",
  },
  en: {
    title: "sandbox: a Telegram on this machine", plus10m: "+10 min", plus1h: "+1 h", plus1d: "+1 day", to8: "to 08:00",
    name: "name", addPerson: "add person", groupTitle: "group of all on screen", addGroup: "new group", addPhone: "add phone",
    write: "Message", send: "Send", start: "START", link: "Open link…", payload: "payload (t.me/…?start=)",
    photo: "Choose photo", sample: "Sample photo", album: "Album (3)", voice: "Voice", sticker: "Sticker", location: "Location",
    contact: "My number", block: "Stop bot", unblock: "Unblock bot", edited: "edited", reply: "Reply", cancel: "Cancel",
    close: "Close", promote: "Make bot admin", addBot: "Add bot", removeBot: "Remove bot", upgrade: "Upgrade to supergroup", replyHint: "double click to reply",
    joined: "joined", left: "left", pinned: "pinned a message", renamed: "renamed the group to", moved: "the group was upgraded", private: "private chat",
    offline: "cannot reach the sandbox", nobody: "add a person first", empty: "no messages yet", ok: "OK",
    document: "file",
  },
};
const language = navigator.language.startsWith("zh") ? "zh" : "en";
export const say = (key) => LABELS[language][key] ?? LABELS.en[key] ?? key;

export async function post(path, data) {
  const answer = await fetch(`/sandbox/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
  }).catch(() => { throw new Error(say("offline")); });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

export async function get(path) {
  return (await fetch(`/sandbox/${path}`)).json();
}

// Chats by id, each with `messages` (a Map by message_id). Whoever watches is told which chats changed.
export class Town {
  constructor() {
    this.revision = 0;
    this.chats = new Map();
    this.bot = {};
    this.watchers = new Set();
    this.clock = { at: Date.now(), seen: Date.now() };
  }

  get people() { return [...this.chats.values()].filter((chat) => chat.kind === "private"); }

  chatsOf(person) {
    const groups = [...this.chats.values()].filter((chat) => chat.members.includes(person));
    return [this.chats.get(person), ...groups].filter(Boolean);
  }

  name(user) {
    return [user.first_name, user.last_name].filter(Boolean).join(" ");
  }

  now() { return new Date(this.clock.at + Date.now() - this.clock.seen); }

  async fetch(wait) {
    const news = await get(`changes?since=${this.revision}&wait=${wait}`);
    if (news.revision < this.revision) location.reload(); // the sandbox was started anew
    this.revision = news.revision;
    this.bot = news.bot;
    this.clock = { at: Date.parse(news.clock), seen: Date.now() };
    for (const fresh of news.chats) {
      const messages = this.chats.get(fresh.id)?.messages ?? new Map();
      for (const message of fresh.messages) messages.set(message.message_id, message);
      this.chats.set(fresh.id, { ...fresh, messages, fresh: fresh.messages });
    }
    const changed = new Set(news.chats.map((chat) => chat.id));
    for (const watch of this.watchers) watch(changed);
  }

  async follow(onTrouble) {
    for (let wait = 20; ;) {
      try {
        await this.fetch(this.revision ? wait : 0);
        onTrouble("");
        wait = 20;
      } catch (trouble) {
        onTrouble(say("offline"));
        wait = 0; // as soon as it is back the page says so
        await new Promise((done) => setTimeout(done, 2000));
      }
    }
  }
}
