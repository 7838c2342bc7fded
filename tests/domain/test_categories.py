"""Categories as data, and what the words of a message say about it."""

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import vocabulary
from bot.domain.categories import (
    DEFAULT_CATEGORIES,
    PLACES,
    Category,
    Urgency,
    customised,
    guess,
    looks_like_report,
    names_emergency,
    outside_matter,
)
from bot.domain.folding import fold
from bot.domain.posts import PostKind

MESSAGES = Path(__file__).parents[3] / "shared" / "data" / "messages.tsv"
LABELS = Path(__file__).with_name("message_labels.tsv")
DEVELOPED_ON = 450
"""The words were weighed on the messages with the smallest hashes; the others only measure."""

CHAT = {
    "parking": """
        有人把车停在我家单元门口堵死了
        小區車位太少,晚上回來沒地方停
        三栋前面乱停车
        外面的车都开进来停,我们业主没位子
        我的車位被人占了一個禮拜
        地下車庫有人裝地鎖
        電動車到處亂放,路都走不了
        物业停车费一个月要三百太贵了
        一辆白色面包车停了半年没动
        车子堵在路口出不去
        請人挪車,粵B12345
        车位被占了咋办
        僵屍車占了两个车位
        訪客車停滿了
        車庫裡面別人停了我的位
        門口停車太亂,老人過不去
        麻煩把擋在門口的車移走
        楼下车停得乱七八糟
        我家門口天天停別人的車
        停车位为什么不够分
        轮椅都过不去因为到处是车
        充電樁位被油車佔咗
        鄰居兩台車佔三個位
        車庫的捲簾門打不開車出不來
        樓下那輛黑色奧迪擋著路了
        你們管不管車位的事,我買了車位回來總被人停
        小区里车越来越多过道都停满
        电动车停放点太少了
        能不能把大门口的车清一清
        我车被人蹭了没留电话
        臨時車位被長期佔著
        路边停的车把盲道都占了
        夜里回来根本找不到地方停車
        樓下停車位被雜物佔了
        车停得把楼门都堵上了
        请交警来抄违停的车
        小區停車收費太高
        誰的車停在垃圾房前面快移走
        没有车位了,电动车也没处搁
        我们小区停车太难了
        楼下的车停到绿化带上了
        車庫門口老是有車堵著
    """,
    "illegal_structure": """
        一楼在搭棚子
        頂樓有人加蓋房子
        六栋一楼把绿化围起来做院子了
        樓道被人家擺了個鞋櫃
        五單元有人私自砸牆改門
        楼上人家把露台封起来盖了房
        隔壁把公共走廊占了
        有人在楼顶违章搭建
        一樓把窗戶改成門開店
        樓上把房子隔成七八間出租
        鄰居把過道圍起來當自家用
        铁皮房什么时候拆
        平台上又在搭阳光房
        小区门口天天摆摊占路
        五樓在陽台外面搭了個鴿子籠
        有人在地下室隔房间出租
        公共走道被放了柜子
        一楼住户挖地下室
        頂樓私自加蓋一層
        鄰居把消防樓梯口裝了鐵門據為己有
        住家里开麻将馆算不算住改商
        樓頂被人種菜搭棚
        有人把單車棚改成出租屋
        对面楼顶搭了个大棚子
        一樓把公共綠地圈進自己院子
        消防连廊被人封了当储藏室
        樓上把陽台往外接了一米
        有人在公共平台建花房
        鄰居在樓道裝了個大鞋櫃走不過去
        小區裡有人擺攤賣菜佔了路
        三樓私自开了个后门
        住宅楼里开了个宾馆
        隔壁在樓頂養花搭架子還砌了水池
        一楼门面往外扩占了人行道
        顶楼违章搭建没人管
        有人把楼梯间隔起来住人
        小区里好多群租房
        顶楼那家又加盖了一层
        楼道被鞋柜占得走不了人
        有住户把房子改成群租房
    """,
    "stairwell_hygiene": """
        楼道好脏没人扫
        垃圾桶滿了三天沒人收
        二單元樓梯口堆滿了紙箱
        樓道裡有股尿味
        一樓垃圾臭得很
        楼梯间贴满了小广告
        樓道好多蟑螂
        有人在楼道里放垃圾袋
        電梯裡有狗尿沒人擦
        化粪池满了粪水流出来
        保洁阿姨好久没来了
        垃圾房老鼠成群
        过道里堆了好多旧家具
        垃圾站苍蝇太多
        楼下垃圾好久冇人倒
        廁所旁邊垃圾堆成山
        樓梯好幾個月沒掃了
        过道都是灰没人搞卫生
        誰家垃圾放門口都爬蟲了
        垃圾车早上没来
        樓道有死老鼠
        电梯口一滩呕吐物
        牆上到處貼廣告
        垃圾分类亭味道大得很
        楼梯扶手上全是灰
        垃圾好几天没收走,发臭了
        有人把尿布扔在樓梯口
        一楼门厅全是烟头
        單元門口一堆剩菜剩飯
        走廊裡有股霉味
        老鼠把电线都咬了,太多了
        污水井往外冒脏水,臭得很
        请安排人打扫一下七栋楼道
        門口垃圾桶沒蓋子招蒼蠅
        天井里扔满了垃圾
        垃圾桶又滿又臭
        楼道好久没人打扫了
        樓道牆壁被貼滿開鎖廣告
        有人在樓梯間大小便
        单元门口扔了一堆装修垃圾
        蚊子多得不得了,请打药
        楼梯上全是垃圾
        樓道裡臭氣熏天
        清洁工一周没来了
    """,
    "lighting": """
        三棟樓道燈壞了
        樓道燈不亮了
        路灯坏了好几天
        二单元三楼的灯不亮
        晚上黑漆漆的看不見,老人摔了
        声控灯失灵
        灯泡烧了换一个
        楼道等坏了
        小区路灯晚上不开
        門口的燈一直閃
        地下車庫燈全滅了
        楼梯上没得灯
        走廊燈白天也亮着浪費電
        樓梯間黑咕隆咚的怕摔跤
        4栋门口路灯不着
        灯壞咗
        咱們樓的燈又不亮了
        走廊灯昏得看不清
        5栋2单元楼梯没有灯
        老伴晚上摔跤了因為樓梯沒燈
        路燈整夜不亮
        能換個亮點的燈泡嗎
        楼道里摸黑走
        院里灯坏了好久
        七樓的感應燈拍手也不亮
        地库C区灯一闪一闪的
        晚上回家樓梯間伸手不見五指
        门洞的灯泡憋了
        樓道灯壤了
        路燈桿被撞歪燈也滅了
        停车场那边一盏灯都没有
        过道灯一直亮着关不掉
        凉亭那里太暗了
        一單元樓道燈又壞了
        小区大门口的路灯晚上不亮
        地下室没灯,黑得吓人
        楼梯间声控灯没反应
        路灯太暗老人看不清
        晚上路上漆黑一片,能不能修修路灯
        樓道的燈泡又壞了
        公交站旁边路灯不亮
    """,
    "lift": """
        電梯壞了
        电梯又停了,我住18楼怎么下去
        电梯咯噔咯噔响
        電梯門關不上
        電梯按鈕不靈
        电梯年检过期了
        电梯老是卡在5楼
        1号梯坏了两天
        電梯晃得厲害
        电踢坏了
        升降機又壞了
        電梯裡空調不涼
        电梯突然往下掉了一下
        我们这部电梯天天出毛病
        電梯不動了
        电梯按了没反应
        坐电梯突然抖了一下吓死人
        電梯裡面有異響
        2單元電梯停了三天
        搭𨋢好慢
        電梯門夾到我媽的手
        左邊的電梯上不去
        电梯里的按键坏了按不了12楼
        又困在电梯口等半天,三部坏两部
        電梯不平層,輪椅進不去
        电梯检验合格证过期
        電梯掉層了嚇死
        货梯停用好久了
        3号楼的电梯坏了好几天
        电梯关门太快夹人
        電梯有怪聲
        电梯里没信号又老停
        請檢修電梯
        电梯老出故障
        電梯突然停了
        幼儿园对面那栋的电梯坏了
    """,
    "utilities": """
        家里停水了
        怎么又停电了
        自来水发黄
        厨房下水道堵了
        水龙头没水
        热水不热
        暖氣不熱
        我家水管爆了
        樓上水管漏水到我家廚房
        燃气不通
        電表箱一直響
        跳闸了
        六楼水压太小
        馬桶堵了
        今天什么时候来水
        网络断了三天没人修
        水表不走了
        停氣了做不了飯
        下水返味返水
        電線掉在外面晃
        水龍頭流出來的水是黃的
        家里没电了是不是停电
        我屋里电跳了
        暖气片冰凉
        自來水有怪味
        樓下的總水閥在漏
        煤气灶打不着火是不是停气
        水压不够洗不了澡
        屋企冇水
        廁所的水沖不下去
        廁所堵了臭氣沖天
        电费怎么扣这么多
        我家水管裂了水直往外喷
        整栋楼都没电
        燃气表没电了打不开
        樓下配電房冒聲音電壓忽高忽低
        自来水放出来一股漂白粉味
        厨房水池下水慢
        暖气不热,老人冻得受不了
        小区什么时候恢复供水
        家里的插座都没电
        水錶轉得飛快懷疑漏水
        下水道又堵了污水返上来了
        停电通知怎么没人发
        水压低,六楼洗不了澡
        家里突然停电了
        水费这个月怎么这么多
        自来水浑得很
        下水管堵了,厨房全是脏水
        煤气不来
        家里没水了
        樓道電線裸露
        热水器水压不够
    """,
    "gate_security": """
        門禁壞了誰都能進
        我的电瓶车被偷了
        保安晚上睡觉
        大门没人看
        単元门关不上
        单元門鎖壞了
        监控坏了看不到
        有陌生人在樓道轉來轉去
        推销的天天敲门
        門衛不管事,什麼人都放進來
        昨晚有小偷
        刷卡刷不开门
        看大門的老頭整天玩手機
        可视对讲没声音
        圍牆破了個洞有人鑽進來
        快递被人拿走了
        單元門一直敞開著不安全
        昨天自行车让人偷了
        保安不登记什么人都进
        門口的監控是不是壞的
        小区后门晚上不锁
        有個陌生男人跟著我女兒
        快递放门口不见了
        門禁卡刷不了
        小区大门的杆子断了谁都能进
        晚上有人敲我家门
        一樓的玻璃門關不嚴
        物业门岗夜里没人
        电动车电池又被人偷了
        外賣小哥隨便進
        单元楼的门铃不响
        圍欄被人剪了個口子
        想查一下昨晚的监控,东西丢了
        陌生人在儿童区拍小孩
        大门的门禁坏了
        我放门口的快递被偷了
        外面的人随便进小区
        摄像头坏了半年
        保安不管事
        半夜有人撬我家锁
        保安形同虚设
        小區進小偷了
        门禁卡不好使
    """,
    "noise": """
        楼上半夜打麻将
        樓下廣場舞太吵了
        楼上天天拖椅子睡不着
        隔壁裝修從早吵到晚
        六點就開始裝修電鑽響
        KTV吵到半夜
        樓上小孩跑來跑去
        工地晚上還在施工
        邻居放音乐声音太大
        樓下燒烤攤油煙熏人
        隔壁吵架吵了一晚上
        楼上空调外机嗡嗡响
        凌晨两点还在唱歌
        樓上滴水到我家衣服上跟他講不聽
        和楼上邻居有矛盾,请调解
        饭店油烟往我家灌
        隔壁在楼道抽烟熏死人
        廣場大喇叭太響
        楼上小孩天天蹦
        對面KTV唱到兩點
        早上五点多就有人放音乐跳舞
        樓上每天半夜掉東西咚咚響
        隔壁打孩子哭得厉害
        鄰居在走廊抽菸
        樓下燒烤店的煙飄上來
        装修队周末也干活不让人睡
        空調外機對著我家吹
        楼上洗衣机半夜转
        樓上凌晨還在剁餃子餡
        樓上裝修粉塵飄到我家
        樓下小店的喇叭一直喊
        早晨六点收废品的喇叭吵醒人
        樓上漏水他不肯修,吵起來了
        隔壁音響震得我心慌
        對面工地打樁
        夜裡有人飆摩托車
        楼上邻居走路脚步重
        鄰居家孩子練小號
        午休时间装修
        廚房排煙管對著我家窗戶
        樓上裝修吵死了
        隔壁半夜唱歌
        楼上小孩跑跳
        廣場舞音樂太大聲
        楼下麻将馆通宵
        餐館的油煙全進我家
        邻居老是吵架摔东西
        楼上孩子半夜跑来跑去
        樓下KTV太吵
        工地夜里施工睡不着
    """,
    "pets": """
        有人遛狗不牵绳
        樓下野狗好多
        三楼的狗一天到晚叫
        草地上全是狗屎
        流浪猫太多了
        一樓養雞臭死了
        狗咬人了没人管
        大狗在電梯裡嚇人
        鄰居的狗半夜亂叫
        小孩被狗追
        樓道裡有狗拉屎
        隔壁养鸽子到处是屎
        有只大狼狗没拴
        狗狗在花園裡大便主人不撿
        野貓在車底下生了一窩
        二樓家的狗叫個不停
        小区里有人养鸡打鸣
        被狗撲了一下
        遛狗的人不捡屎
        電梯裡遇到沒戴嘴套的大狗
        有人餵流浪貓弄得到處是貓糧
        樓上養了三條狗又臭又叫
        草坪上踩了一脚狗屎
        鄰居家的鸚鵡吵死人
        遛狗不清理糞便
        小区里流浪狗咬伤小孩
        遛狗不拴繩嚇到孩子
        樓上的狗天天叫
        狗屎沒人清理
        好多流浪猫
        楼下有人养狗,叫得烦
        狗隨地大小便
        邻居遛狗从来不拴绳
    """,
    "falling_objects": """
        楼上扔烟头下来
        樓上往下丟垃圾
        有人高空抛物
        空中飞下来一个酒瓶
        楼上往下倒水
        楼上花盆快掉下来了
        樓上掉下來一塊玻璃差點砸到人
        有人从窗户扔东西
        六樓往樓下潑水
        昨天掉下来一个瓶子砸了我的车
        楼上吐痰吐到我头上
        剛才樓上掉下一個花盆
        有人从上面倒脏水
        樓上亂丟煙頭把我被子燒了個洞
        天上掉下来半块砖
        楼上有人往外甩拖把水
        小朋友從陽台丟玩具下來
        有人往樓下吐口水
        六樓的晾衣桿要掉下來了
        樓上丟下來一包垃圾砸在我車上
        不知誰家倒了一盆水下來淋我一身
        高樓丟煙蒂
        空調外機架子快掉了砸到人怎麼辦
        樓上窗戶玻璃掉下來碎一地
        从高层扔下来一袋尿不湿
        樓上亂扔垃圾下來
        有人高空拋物差點砸到小孩
        楼上掉了块瓷砖下来
        有人往窗外倒水
        楼上又往下扔烟头了
        高空墜物太危險
        有人从楼上倒垃圾下来
    """,
    "fire_lane": """
        消防通道被车堵了
        消防車進不來
        消防栓没水
        灭火器过期了
        樓道裡堆東西堵住逃生通道
        有人把电瓶车推到楼上充电
        安全出口鎖住了
        从窗户拉线给电动车充电
        楼道里电动车充电太危险
        救護車進不來,通道被堵
        樓梯口電瓶車充電
        消火栓箱玻璃碎了
        應急燈不亮,消防門也壞了
        有車一直停在消防通道上
        电动车拿到屋里充电
        滅火器沒有壓力了
        樓道堆滿紙箱萬一著火跑不出去
        消防门被锁死了
        消火栓裡沒有水帶
        從五樓拉電線下來充電瓶車
        楼梯间堆满了杂物消防检查通不过
        消防登高面停了两台车
        防火門關不上了
        樓道裡停著五輛電動車充電
        消防水压没有
        二楼安全出口被柜子挡住
        居民私拉电线给电瓶车充电
        疏散指示牌不亮
        消防通道停滿了車
        楼道里给电动车充电
        滅火器沒了
        消防栓坏了
        消防通道让私家车占了
        電動車在樓道充電
        灭火器空的
    """,
    "greening": """
        树枝挡住我家窗户了
        草长得比人高没人割
        有人在绿化带种菜
        花坛里的花都死了
        大樹要倒了
        楼下的树该剪了
        樹上好多毛毛蟲
        有人把樹砍了
        綠化帶變成菜地
        草坪被踩秃了
        桂花树死了
        颱風把樹吹倒了
        落叶没人扫
        一樓把草地鏟了
        門前的樹太高遮光
        草坪沒人澆水都黃了
        爬山虎爬满我家窗
        有人把玉兰花折了
        绿化带光秃秃的全是土
        樹枝斷了掛在半空
        除草机什么时候来
        桂花樹要修枝了
        一樓門前灌木太密招蚊子
        樹根把地磚拱起來了
        草地都枯了也沒人管
        枇杷樹被人亂砍
        绿化带被车压坏了
        棕櫚樹葉子要掉下來
        花圃杂草丛生
        綠化帶沒人管都是雜草
        树太高挡住阳光
        有人毁绿种菜
        樹要修剪了
        绿化太差了杂草一片
        樹枝伸進我家陽台
    """,
    "public_facilities": """
        健身器材坏了
        滑梯断了小孩受伤
        活動室空調壞了
        公廁沒水沖
        涼亭的凳子爛了
        活動室什麼時候開門
        小區路面坑坑窪窪
        井蓋沒了
        乒乓球桌坏了
        樓下長椅斷了
        晒衣架倒了
        扶手松了老人不敢扶
        無障礙坡道壞了
        快遞櫃壞了取不出
        地砖翘起来绊倒人
        篮球场篮筐坏了
        信箱鎖壞了
        公厕门坏了
        涼亭漏雨椅子也爛了
        儿童滑梯裂了个口子
        健身器缺了个螺絲
        活動室門鎖著進不去
        石板路鬆動踩空了
        下水井蓋碎了
        文化活动室乒乓球台坏了
        樓前台階缺了一塊
        廣場上的單杠歪了
        小孩玩的沙坑里有碎玻璃
        門口坡道太陡輪椅上不去
        活動室的空調不製冷
        小区里的石凳裂了
        休息椅油漆掉光了
        池塘护栏松了怕小孩掉进去
        公共廁所沒有紙
        樓前路面塌了一個坑
        老年活动中心几点开门
        晾曬區的繩子斷了
        健身器材生锈断了
        公厕太脏没人管
        活动室的灯坏了
        小区路面坏了,老人容易摔
        儿童滑梯坏了
        健身器材坏了没人修
        凉亭的座椅坏了
    """,
    "building_fabric": """
        外墙瓷砖掉了
        頂樓漏雨
        我家天花板漏水
        墙上裂了一条大缝
        樓頂防水壞了一下雨就漏
        外牆滲水發霉
        牆皮掉下來了
        楼道墙皮脱落
        地下室漏水
        樓道窗戶玻璃碎了
        雨水管断了
        外墙保温层掉下来一大块
        陽臺欄杆鬆了
        房子下沉了墙裂开
        屋面漏水漏到床上
        頂樓一下雨就滴水
        外墙皮一块一块往下掉
        我家牆裡面滲水都長毛了
        樓板裂了一條縫
        楼道窗户关不上
        阳台塌了一角
        屋頂的防水該做了
        卫生间往楼下渗水
        客廳牆面滲水鼓包
        外牆的磁磚搖搖欲墜
        楼顶隔热层坏了
        下雨天窗台进水
        我家卫生间顶上在滴水
        房子墙体有裂纹
        一樓地面下陷
        樓道天花板掉了一塊水泥
        露台防水層破了漏到樓下
        屋顶漏水
        外墙开裂渗水
        樓道牆皮脫落
        窗户玻璃裂了要掉
        天花板發霉
        楼顶漏水漏到我家
        外牆瓷磚脫落
        墙壁开裂了
    """,
    "property_service": """
        物业不作为乱收费
        物业费涨价没人通知
        物業態度很差
        打电话给物业没人接
        物管啥都不管
        业委会账目不公开
        公共收益哪去了
        电梯广告的钱去哪里了
        維修基金怎麼用的
        换物业吧
        物業經理罵人
        装修押金不退
        物業費收了不辦事
        业委会什么时候换届
        物业乱扣钱
        保安保洁都没有还要收物业费
        物業收了錢不辦事
        物业打电话永远没人接
        停车收入和广告收入公示一下
        業委會多久沒開會了
        物业费凭什么涨
        装修保证金什么时候退
        维修基金被谁用了
        前台態度惡劣
        物业啥时候能换
        物业催费态度像讨债
        交了物業費啥服務都沒有
        小区公共收入什么时候公布
        物业经理电话多少,从来找不到人
        新物業什麼時候進場
        业主大会怎么召开
        装修垃圾清运费乱收
        报修半个月没人来
        公攤電費算得不明不白
        物业乱收费
        物业不作为
        物业费太贵
        業委會不公開帳目
        物業服務太差
        物业服务太差劲
        物業費太高了
        物業不作為乱收费
    """,
    "suggestion": """
        建议装个快递柜
        能不能加个长凳
        建議搞個老年食堂
        提個建議,端午節組織一次包粽子
        希望小区多种点树
        能不能装充电桩
        最好能在门口装个监控
        建议加装电梯
        可不可以搞個跳蚤市場
        可以開個閱覽室嗎
        建议小区里设减速带
        希望在樓下放幾張長椅
        建議辦個書法班
        可以組織大家去旅遊嗎
        能不能设个废旧电池回收箱
        提个小意见门口装面镜子
        要是有個小超市就好了
        建議在門口設一個愛心座椅
        我有個想法,咱們搞個讀書角
        能不能把廣場舞時間改到七點
        希望組織老人體檢
        提議每月搞一次大掃除
        最好给每栋楼配个急救箱
        可不可以安排个理发师每月来一次
        建议多装几个摄像头
        希望增加健身器材
        能不能裝個電動車充電樁
        建議設一個垃圾分類點
        建议小区搞个图书角
        希望增加路灯
        能不能多放几个垃圾桶
    """,
    "other": """
        房产证什么时候办下来
        孩子学位怎么分
        小学划片我们归哪个学校
        公交车太少了
        拆迁什么时候轮到我们
        公积金怎么提取
        开发商不退定金
        门口马路什么时候修
        我想办低保
        医保怎么交
        老年证在哪里办
        门口红绿灯坏了
        地鐵站什麼時候開
        我的钥匙丢了
        捡到一串钥匙
        戶口怎麼遷
        寄的养老金没到账
        幼儿园几号报名
        求租一间房子
        小區附近要建變電站我們反對
        孩子上小学归哪个学校管
        房本啥时候能下来
        公交站能不能挪近點
        老家拆遷找誰
        捡到一个钱包
        我想申请低保
        生育津貼怎麼領
        门口修地铁修到什么时候
        租房合同怎么备案
        我老伴的残疾证咋办
        想問一下小學報名要什麼材料
        拆遷補償標準是多少
        我的醫保卡丟了怎麼補
        公積金可以取出來付房租嗎
        房子過戶要交多少稅
        小區門口的公交線路取消了
        哪裡可以打流感疫苗
        開發商一直不給辦產權證
        門口高架橋什麼時候通車
        孫子戶口想遷過來
        老人補貼怎麼申請
        拾到一张身份证
        房产证办不下来
        孩子上学的学位问题
        公交车太挤
        开发商不给退房款
        城市规划要在旁边修高架
        老人想辦老年證
        房产证什么时候能办
        孩子上学怎么办
        政府什么时候拆迁
    """,
}
"""Short messages as people type them in a chat: category -> one a line."""

EMERGENCIES = {
    "fire": """
        火!
        火
        着火了
        三棟五樓著火了
        廚房冒煙
        快来人啊起火了
        有大火
        地下室冒濃煙
        電瓶車燒起來了
        楼道里电动车爆炸了
        配电箱短路引起着火了
        樓上失火
        我家火燒起來了
        好大的烟从窗户出来
        草丛自燃了
        火警
    """,
    "gas": """
        闻到煤气味
        家里漏氣了
        瓦斯漏了
        楼道有很重的天然气味
        燃气泄漏
        煤氣罐漏氣
        厨房好像漏煤气
        经常有煤气味
        煤气中毒了
    """,
    "electric": """
        有人触电了
        水龙头漏电麻手
        电线掉下来了在地上
        插座冒火花
        洗澡被電到了
    """,
    "trapped": """
        困梯了
        我被困在電梯裡
        有老人關在電梯裡出不來
        电梯困人
        孩子反锁在家里了
        2号电梯卡人了困住
        小孩掉进井里
    """,
    "medical": """
        救命
        救命啊有人晕倒了
        老人昏倒在楼下
        奶奶摔倒了起不来
        有人跳楼
        爷爷没呼吸了
        有人溺水
        我爸中风了快来
        邻居要自杀
        流血不止
    """,
    "violence": """
        楼下打架
        有人打架
        門口有人打人
        隔壁家暴打老婆
        有人拿刀砍人
        他们打起来了
        保安打人了
        有人持刀
        入口有人抢劫
        群毆斗殴
    """,
}
"""Kind of emergency -> cries for help."""

NO_EMERGENCIES = """
    灭火器过期了
    滅火器過期
    楼下新开火锅店油烟大
    别发火
    我上火了
    消防通道被占
    打架子鼓太吵
    樓上打架子鼓
    车库没有防火门
    火车声音太大
    烟火气
    消防栓没水
    堵住了万一着火怎么办
    楼道堆杂物容易起火
    存在火灾隐患
    消防演练几点
    怕引起火灾
    烟头引起起火的例子很多
    气人
    天气不好
    空气质量差
    生气了
    电话没人接
    电视没信号
    触电话屏幕
    被困扰很久
    噪音困扰
    困难户补助
    生命通道被堵
    救命通道堵了
    救命钱
    打扫卫生
    打人工电话
    打人民政府热线
    没有打架
    不要打架
    家暴雨漏水
    心里火大
    红火的舞会
    热火朝天
    火腿肠
    火爆
    怒火
    急火火的
    抽烟的人多
    油烟冒出来
    烟囱冒烟
    轮胎漏气了
    车胎漏气
    暖气不热
    煤气费怎么交
    燃气表没电
    电梯坏了
    电梯困难户
    一起火锅聚餐
    吃着火锅
    买不起火锅
    灯火通明
    火速处理
    烽火台
    去年着火过
    上次打架的事怎么处理
    路灯坏了
    漏电保护器跳闸
    预防触电知识
    防止煤气中毒讲座
    烟头扔下来
    小孩打闹
    天天打牌
    打电话没人接
    犯困
    火星镇
    物业火了
    中风险地区
    献血活动
    高血压讲座
    你好
    大火车站
    有火灾险吗
    老鼠困在墙里
    消防车进不来
    落水管断了
    水管爆裂
    打火机
"""
"""Everyday sentences with the same characters in them."""

CHATTER = """
    你好
    您好!
    谢谢
    在吗
    早上好
    收到
    好的
    嗯嗯
    哈哈哈
    👍
    🙏🙏
    。。。
    大家早上好
    书记好
    谢谢王书记
    辛苦了
    辛苦大家了
    祝大家重阳节快乐
    新年快乐,万事如意
    收到,谢谢
    好的收到
    OK
    ok
    晚安
    有人在吗
    在不在
    机器人你好
    你是谁
    知道了
    明白
    没事
    不客气
    测试
    test
    1
    123
    ?
    今天天气真好
    天气不错啊
    路灯修好了,谢谢
    电梯好了,感谢物业
    物业真棒点赞
    太好了
    恭喜恭喜
    您辛苦了
    早
    嗨
    hello
    Hi
    多謝
    唔該
    晚上好各位鄰居
    謝謝您
    不用谢
    对的
    是的
    /start
    谢谢,已经解决了
    我是三栋的王阿姨
    今天晚上吃什么
    麻烦您了
    不好意思
    對不起發錯了
    等会儿给你打电话
    收到!马上来
    端午节快乐🎉
    好
"""
"""Messages that bring no matter."""

REPORTS = """
    楼道灯坏了
    停水了
    吵死了
    没水
    电梯坏了
    请问谁管停车
    物业不管事
    能不能装个路灯
    建议多种树
    你好,楼道灯坏了
    谢谢,请帮忙修一下门
    早上好,三棟的燈壞了
    我要投诉
    垃圾臭
    狗
    有人遛狗不牵绳
    噪音
    房产证什么时候办
    漏水
    门禁
    煤气味
    火!
    太吵了睡不着
    楼上半夜打麻将
    有人在绿化带种菜
    物业不作为乱收费
    车被刮了
    灯
    救命
    修好了又坏了
    电梯修好两天又停
    还是没修好谢谢
    我家厕所反水
    树要倒了
    一楼搭棚
    门卫睡觉
    为什么还没人来
    没人管
    求助
    我想反映个情况
    反映问题
    路面有坑
    什么时候来水,谢谢
    麻烦您看看路灯
"""
"""Messages that do, however short or polite."""

OUTSIDE = """
    房产证什么时候办下来
    孩子学位怎么分
    学校划片不合理
    幼儿园没有名额
    公积金贷款办不下来
    购房政策能不能放宽
    城市规划在旁边修高架
    公交车太少
    我们这里什么时候拆迁
    开发商不退款
    开发商延期交房
    户口怎么迁
    建议增加公交线路
    地铁站噪音
    小学什么时候开学
    棚改什么时候启动
    医保怎么报销
    法院判了不执行
"""
"""Matters nobody in the compound can settle."""

INSIDE = """
    楼道灯坏了
    电梯坏了
    物业乱收费
    幼儿园门口垃圾没人收
    学校旁边路灯不亮
    停水
    楼上太吵
    建议种树
    你好
    开发商留下的垃圾没人清
    消防通道被堵
    小区外墙脱落
    公交站旁边有人乱停车
    物业不退押金
"""
"""Matters of the compound, even where a school is near."""


def lines(block: str) -> list[str]:
    """The sentences of a table."""
    return [line.strip() for line in block.strip().splitlines()]


def ranked(text: str) -> list[str]:
    """The keys of the categories guessed, best first."""
    return [one.category.key for one in guess(text, DEFAULT_CATEGORIES)]


def by_key(categories: tuple[Category, ...] = DEFAULT_CATEGORIES) -> dict[str, Category]:
    """The categories by their keys."""
    return {category.key: category for category in categories}


def test_the_categories_are_complete_and_sound() -> None:
    """All seventeen of C9 are there, each with a post and a place that exist."""
    assert list(by_key()) == [*vocabulary.SPEAKS_FOR]
    assert len(DEFAULT_CATEGORIES) == 17
    for category in DEFAULT_CATEGORIES:
        assert category.handled_by in ("leader", *PostKind)
        assert category.default_place in PLACES
        assert category.duplicate_window > timedelta()


def test_what_cannot_wait_is_told_from_what_can() -> None:
    """Lifts, fire lanes and falling things are dangers; a lamp wakes nobody; disputes are private (R13)."""
    found = by_key()
    dangers = {key for key, category in found.items() if category.urgency == Urgency.DANGER}
    assert dangers == {"lift", "fire_lane", "falling_objects"}
    assert {key for key, category in found.items() if category.is_private} == {"noise", "pets"}
    assert found["lighting"].urgency == Urgency.ORDINARY
    assert found["lighting"].handled_by == "leader"
    assert found["lift"].handled_by == PostKind.PROPERTY_MANAGER
    assert found["property_service"].handled_by != PostKind.PROPERTY_MANAGER


def test_an_operator_changes_single_fields() -> None:
    """Only what is named changes; the order stays; durations are written as people write them."""
    changed = customised(
        DEFAULT_CATEGORIES,
        {
            "lighting": {"urgency": "utility", "accept_by": "90m", "resolve_by": "2d", "is_private": True},
            "noise": {
                "handled_by": "grid_officer",
                "default_place": "unit",
                "duplicate_window": timedelta(hours=5),
            },
            "lift": {},
        },
    )
    found = by_key(changed)
    assert [category.key for category in changed] == [category.key for category in DEFAULT_CATEGORIES]
    assert found["lighting"].urgency is Urgency.UTILITY
    assert found["lighting"].accept_by == timedelta(minutes=90)
    assert found["lighting"].resolve_by == timedelta(days=2)
    assert found["lighting"].is_private
    assert found["lighting"].photo_to_resolve
    assert found["noise"].handled_by == "grid_officer"
    assert found["noise"].default_place == "unit"
    assert found["noise"].duplicate_window == timedelta(hours=5)
    assert found["lift"] == by_key()["lift"]


def test_an_operator_adds_names_and_hides() -> None:
    """A new one comes before "other", with its words and names; one name alone is for every reader."""
    changed = customised(
        DEFAULT_CATEGORIES,
        {
            "charging": {"name": "充电桩", "name_en": "Charging", "words": ["充電樁", "充电枪 "]},
            "lighting": {"name": "路灯"},
            "lift": {"name_en": "Elevator"},
            "pets": {"hidden": True},
        },
    )
    found = by_key(changed)
    assert [category.key for category in changed][-3:] == ["suggestion", "charging", "other"]
    assert found["charging"].names == {"zh_CN": "充电桩", "zh_TW": "充电桩", "en": "Charging"}
    assert (found["charging"].handled_by, found["charging"].urgency) == ("leader", Urgency.ORDINARY)
    assert found["lighting"].names == dict.fromkeys(("zh_CN", "zh_TW", "en"), "路灯")
    assert found["lift"].names == {"en": "Elevator"}
    first = guess("3号楼的充电桩又被油车占了", changed)[0]
    assert (first.category.key, first.words) == ("charging", ("充电桩",))
    assert "pets" not in [one.category.key for one in guess("狗没拴，到处拉屎", changed)]
    assert guess("楼道灯坏了", changed)[0].category.key == "lighting"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"lamps": {}}, "lamps: there is no such category"),
        ({"lamps": {"urgency": "ordinary"}}, "lamps: there is no such category"),
        ({"路灯": {"name": "路灯"}}, "路灯: a key is 2 to 24 of a-z, 0-9 and _"),
        ({"x": {"name": "路灯"}}, "x: a key is 2 to 24 of a-z"),
        ({"_all": {"name": "路灯"}}, "_all: a key is 2 to 24 of a-z"),
        ({"lift": {"name": ""}}, "lift.name: '' is no name"),
        ({"lift": {"name": "电" * 17}}, "lift.name: "),
        ({"lift": {"name_en": "Lift\nA"}}, "lift.name_en: "),
        ({"lift": {"words": "电梯"}}, "lift.words: write up to 100 words"),
        ({"lift": {"words": ["梯"]}}, "lift.words: write up to 100 words of two characters"),
        ({"lift": {"words": [3]}}, "lift.words: "),
        ({"lift": {"hidden": "no"}}, "lift.hidden: 'no' is neither true nor false"),
        ({"other": {"hidden": True}}, "other.hidden: this one is always needed"),
        ({"lift": {"color": "red"}}, "lift.color: a category has no such setting"),
        ({"lift": {"key": "hoist"}}, "lift.key: a category has no such setting"),
        ({"lift": {"urgency": "soon"}}, "lift.urgency: 'soon' is not one of"),
        ({"lift": {"urgency": ["danger"]}}, "lift.urgency: "),
        ({"lift": {"handled_by": "mayor"}}, "lift.handled_by: 'mayor' is not one of"),
        ({"lift": {"default_place": "roof"}}, "lift.default_place: 'roof' is not one of"),
        ({"lift": {"accept_by": "30"}}, "lift.accept_by: '30' is no duration"),
        ({"lift": {"accept_by": "0m"}}, "lift.accept_by: '0m' is no duration"),
        ({"lift": {"resolve_by": timedelta()}}, "lift.resolve_by: "),
        ({"lift": {"resolve_by": None}}, "lift.resolve_by: None is no duration"),
        ({"lift": {"photo_to_resolve": "yes"}}, "lift.photo_to_resolve: 'yes' is neither true nor false"),
        ({"lift": {"is_private": 1}}, "lift.is_private: 1 is neither true nor false"),
        ({"lift": {"accept_by": "3h", "resolve_by": "2h"}}, "lift.accept_by: must not be longer"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(
    overrides: Mapping[str, Mapping[str, object]], told: str
) -> None:
    """The operator reads which key is wrong and why."""
    with pytest.raises(ValueError, match="^" + re.escape(told)):
        customised(DEFAULT_CATEGORIES, overrides)


@pytest.mark.parametrize(
    ("key", "text"), [(key, text) for key, block in CHAT.items() for text in lines(block)]
)
def test_a_short_message_has_its_category_among_the_first_three(key: str, text: str) -> None:
    """The three buttons offered hold the right one (C9)."""
    assert key in ranked(text)[:3]


def test_short_messages_mostly_have_their_category_first() -> None:
    """The first button is the right one for 95 % of the table, and for two thirds of every category."""
    hits = {key: [ranked(text)[0] == key for text in lines(block)] for key, block in CHAT.items()}
    everything = [hit for one in hits.values() for hit in one]
    assert sum(everything) >= 0.95 * len(everything)
    assert [key for key, one in hits.items() if sum(one) * 3 < len(one) * 2] == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("三棟樓道燈壞了", "lighting"),
        ("楼上半夜打麻将", "noise"),
        ("有人在绿化带种菜", "greening"),
        ("物业不作为乱收费", "property_service"),
        ("电梯广告的收入归谁", "property_service"),
        ("不是电梯的问题,是楼道灯坏了", "lighting"),
        ("是不是电梯坏了", "lift"),
        ("公交站旁边有人乱停车", "parking"),
        ("幼儿园对面那栋的电梯坏了", "lift"),
        ("楼 道 灯 不 亮", "lighting"),
        ("尊敬的领导:您好!我是三栋业主,电梯又停了", "lift"),
        ("🙏🙏🙏", "other"),
        ("", "other"),
    ],
)
def test_context_decides(text: str, first: str) -> None:
    """A phrase overrules its parts, a denied word and a mere place say nothing, no word at all is other."""
    assert ranked(text)[0] == first


def test_a_guess_explains_itself() -> None:
    """The words that spoke are given in the order of the text; what nothing spoke for has none."""
    first, *others = guess("樓道燈壞了,路燈也不亮", DEFAULT_CATEGORIES)
    assert first.category.key == "lighting"
    assert first.words[:3] == ("楼道灯", "灯坏了", "路灯")
    assert first.score > others[0].score
    assert all(one.score == 0 and not one.words for one in others if one.category.key == "parking")


def test_only_the_categories_given_are_guessed() -> None:
    """An operator's own selection is ranked, nothing else."""
    chosen = (by_key()["other"], by_key()["lift"])
    assert [one.category.key for one in guess("电梯坏了,路灯也坏了", chosen)] == ["lift", "other"]


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, block in EMERGENCIES.items() for text in lines(block)]
)
def test_an_emergency_is_heard(kind: str, text: str) -> None:
    """The number to call comes before anything else (R16), and the message counts as a report."""
    assert names_emergency(text) == kind
    assert looks_like_report(guess(text, DEFAULT_CATEGORIES), text)


@pytest.mark.parametrize("text", lines(NO_EMERGENCIES))
def test_everyday_words_are_no_emergency(text: str) -> None:
    """An old extinguisher, a hotpot restaurant, a warning or a memory alarms nobody."""
    assert names_emergency(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I am stuck in the lift", "trapped"),
        ("Somebody is trapped in the elevator of building 3", "trapped"),
        ("Something is on fire downstairs", "fire"),
        ("Thick smoke on the third floor", "fire"),
        ("It smells of gas in our kitchen", "gas"),
        ("My husband is not breathing", "medical"),
        ("He threatens us with a knife", "violence"),
        ("我困在3号楼2单元的电梯里", "trapped"),
        ("孩子被關在二單元的電梯裡了", "trapped"),
        ("there is no fire", None),
        ("If there is a fire we cannot get out", None),
        ("the fire lane is blocked", None),
        ("the fire drill: smoke everywhere in the film", None),
        ("I was stuck in the lift yesterday", None),
        ("上次差点困在三单元的电梯里", None),
    ],
)
def test_emergencies_in_english_and_around_a_place(text: str, kind: str | None) -> None:
    """The number is shown whoever cries for help; a drill, a fear or a lane calls nobody."""
    assert names_emergency(text) == kind


def test_the_worst_emergency_wins() -> None:
    """Fire before trapped: one number is shown."""
    assert names_emergency("电梯里有人被困,还冒烟了") == "fire"
    assert names_emergency("我的事说来话长" * 20 + "着火了") is None


@pytest.mark.parametrize("text", lines(CHATTER))
def test_chatter_starts_nothing(text: str) -> None:
    """Nobody is asked whether a thank-you is to be filed."""
    assert not looks_like_report(guess(text, DEFAULT_CATEGORIES), text)


@pytest.mark.parametrize(
    "text", [*lines(REPORTS), *(text for block in CHAT.values() for text in lines(block))]
)
def test_a_report_is_recognised(text: str) -> None:
    """Complaints and wishes are taken, with or without a greeting."""
    assert looks_like_report(guess(text, DEFAULT_CATEGORIES), text)


@pytest.mark.parametrize("text", lines(OUTSIDE))
def test_what_is_nobodys_here_is_referred(text: str) -> None:
    """House papers, schools and city planning are taken kindly, and as "other" among the first three."""
    assert outside_matter(text)
    assert "other" in ranked(text)[:2]


@pytest.mark.parametrize("text", [*lines(INSIDE), *lines(CHATTER)])
def test_what_is_ours_is_not_sent_away(text: str) -> None:
    """A school beside the lamp does not make the lamp the school's; a greeting is no matter at all."""
    assert not outside_matter(text)


def test_the_vocabulary_is_folded_and_said_once() -> None:
    """A word written unfolded would never match; a word twice in a category would have two weights."""
    for tiers in vocabulary.SPEAKS_FOR.values():
        words = " ".join(tiers.values()).split()
        assert len(words) == len(set(words))
        assert [word for word in words if fold(word) != word] == []
    others = [*vocabulary.EMERGENCIES.values(), vocabulary.MEANS_NOTHING, vocabulary.NO_EMERGENCY]
    others += [vocabulary.CHATTER, vocabulary.PRAISE, vocabulary.TROUBLE, vocabulary.CONTENT_AFTER_ALL]
    assert [word for words in others for word in words.split() if fold(word) != word] == []


@given(st.text())
def test_any_text_is_answered_the_same_twice(text: str) -> None:
    """Nothing typed raises, every category is ranked once, and the answer is always the same."""
    guesses = guess(text, DEFAULT_CATEGORIES)
    assert sorted(one.category.key for one in guesses) == sorted(by_key())
    assert [one.score for one in guesses] == sorted((one.score for one in guesses), reverse=True)
    assert guesses == guess(text, DEFAULT_CATEGORIES)
    assert looks_like_report(guesses, text) in (True, False)
    assert names_emergency(text) in (None, *EMERGENCIES)
    assert outside_matter(text) in (True, False)


WORDS = [
    word for tiers in vocabulary.SPEAKS_FOR.values() for words in tiers.values() for word in words.split()
]
REGIONS = [opencc.OpenCC(name) for name in ("s2t", "s2tw", "s2hk")]
WIDE = {ord("!") + offset: 0xFF01 + offset for offset in range(94)} | {ord(" "): 0x3000}


@given(
    st.lists(st.sampled_from([*WORDS, ",", "?", "3", "WiFi", "KTV", "12", " "]), max_size=12).map("".join),
    st.sampled_from(REGIONS),
)
def test_the_way_of_writing_changes_nothing(text: str, region: opencc.OpenCC) -> None:
    """Full-width, upper-case and the characters of Taiwan and Hong Kong give the same guess."""
    plain = guess(text, DEFAULT_CATEGORIES)
    assert guess(text.translate(WIDE).upper(), DEFAULT_CATEGORIES) == plain
    regional = guess(region.convert(text), DEFAULT_CATEGORIES)
    assert [one.score for one in regional] == [one.score for one in plain]


def real_messages() -> list[tuple[str, frozenset[str]]]:
    """The labelled real messages, title first, in the order of their hashes."""
    if not MESSAGES.exists():
        pytest.skip("the real messages are not on this machine")
    labels = dict(line.split("\t") for line in LABELS.read_text("utf-8").splitlines())
    texts: dict[str, str] = {}
    for line in MESSAGES.read_text("utf-8").splitlines()[1:]:
        texts[hashlib.sha256(line.encode()).hexdigest()[:16]] = line.replace("\t", "\n")
    assert texts.keys() == labels.keys()
    return [(texts[key], frozenset(labels[key].split("|"))) for key in sorted(texts)]


def test_real_messages_find_their_category() -> None:
    """The promise of C9 on messages the words were not weighed on: 95 % in three, 80 % first."""
    unseen = real_messages()[DEVELOPED_ON:]
    first = sum(ranked(text)[0] in right for text, right in unseen)
    three = sum(not right.isdisjoint(ranked(text)[:3]) for text, right in unseen)
    assert len(unseen) > 200
    assert first >= 0.80 * len(unseen)
    assert three >= 0.95 * len(unseen)


def test_real_messages_are_reports_and_rarely_alarm() -> None:
    """Each is taken as a report; the matters of others are recognised; few long letters name an emergency."""
    messages = real_messages()
    assert all(looks_like_report(guess(text, DEFAULT_CATEGORIES), text) for text, _ in messages)
    outside = [outside_matter(text) for text, right in messages if right == {"other"}]
    inside = [outside_matter(text) for text, right in messages if "other" not in right]
    assert sum(outside) >= 0.85 * len(outside)
    assert sum(inside) <= 0.05 * len(inside)
    assert sum(names_emergency(text) is not None for text, _ in messages) <= 0.02 * len(messages)


def test_a_guess_is_quick() -> None:
    """A quarter of a millisecond for 300 characters, forty times that under coverage on a busy machine."""
    text = "".join(lines(CHAT["noise"]))[:300]
    best = 1.0
    for _ in range(20):
        start = perf_counter()
        guess(text, DEFAULT_CATEGORIES)
        best = min(best, perf_counter() - start)
    assert best < 0.01


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("There is no water in building 2", "utilities"),
        ("The lamp in the stairwell is broken", "lighting"),
        ("the lift is stuck again", "lift"),
        ("Somebody parked in front of our door", "parking"),
        ("my neighbour is so loud at night", "noise"),
        ("rubbish on the stairs for a week", "stairwell_hygiene"),
        ("a car blocks the fire lane", "fire_lane"),
    ],
)
def test_english_is_guessed_too(text: str, key: str) -> None:
    """The usual matters in plain English."""
    assert guess(text, DEFAULT_CATEGORIES)[0].category.key == key
