"""The signals of `injection` as data: what people write who talk to the model instead of to us, in three languages.

Texts come in lower case, е for ё, one space for many. A rule's hints are plain pieces of which one must stand in the
text before its pattern is tried; one of `SHORT_HINT` letters or fewer must begin a word. Nothing is decided here.
"""

import re
from typing import NamedTuple

SHORT_HINT = 2
"""Letters: `ai` stands in every mail."""


class Rule(NamedTuple):
    hints: tuple[str, ...]
    pattern: re.Pattern[str]


class Signal(NamedTuple):
    name: str
    weight: float
    """From 0 to 1: how sure this alone makes one."""
    rules: tuple[Rule, ...]
    by_line: bool = False
    """Looked for with the line ends kept."""


def _rule(hints: str, pattern: str) -> Rule:
    return Rule(tuple(hints.split("|")), re.compile(pattern, re.MULTILINE))


_GAP = r"[^.!?\n]{0,40}?"
_MODEL = (
    r"(?:ai|a\.i\.|artificial intelligence|language model|llm|gpt(?:-?\d[\w.]*)?|chat ?gpt|claude|neural network|"
    r"(?:virtual|digital|ai|automated) assistant|chat ?bot|classifier|ai (?:model|system|agent|assistant))"
)
_MODEL_RU = (
    r"(?:ии|нейросет\w{1,3}|нейронн\w{2,3} сет\w{1,3}|языков\w{2,3} модел\w{1,3}|искусственн\w{2,3} интеллект\w{0,2}|чат-?бот\w{0,2}|"
    r"чат ?gpt|chatgpt|gpt|llm|ии-?(?:ассистент|помощник|модел|агент|систем)\w{0,3}|классификатор\w{0,2}|робот-?оператор)"
)
_MODEL_KK = (
    r"(?:жи|жасанды интеллект\w{0,4}|тілдік модель\w{0,4}|тіл моделі\w{0,4}|нейрожелі\w{0,4}|нейросеть\w{0,3}|чат-?бот\w{0,4}|chatgpt|gpt|llm|"
    r"жи[- ](?:көмекші|ассистент|модел)\w{0,5})"
)
_RULES_EN = r"(?:instructions?|prompts?|guidelines|directives?|constraints|programming|training|system message|safety rules|rules|commands?|orders? above)"
_RULES_RU = r"(?:инструкци\w{1,3}|указани\w{1,3}|правил\w{0,3}|промпт\w{0,3}|команд\w{1,3}|ограничени\w{1,3}|установк\w{1,3}|предписани\w{1,3}|директив\w{1,3})"
_RULES_KK = r"(?:нұсқау\w{0,9}|нұсқаулық\w{0,8}|ереже\w{0,8}|бұйры\w{1,9}|команда\w{0,7}|промпт\w{0,6}|шектеу\w{0,8}|тапсырма\w{0,8})"
_TRADE_EN = r"(?! (?:for|on|about|regarding|concerning|as to|to pay|of payment)\b)"
_TRADE_RU = r"(?! (?:по|на|об?|для|относительно|касательно) (?:\w{1,20} )?(?:оплат|платеж|перевод|перечислен|доставк|отгрузк|заказ|договор|счет|поставк|возврат|монтаж|сборк))"
_IGNORE_EN = r"(?<!not )(?:ignore|disregard|forget|override|bypass|circumvent|discard|do not follow|don't follow|stop following|set aside|pay no attention to)"
_IGNORE_RU = (
    r"(?:проигнорируй|игнорируй|забудь|отбрось|обойди|отключи|сбрось|не следуй|не выполняй|не соблюдай|пренебреги|не обращай внимания на)(?:те)?"
    r"|(?:игнорировать|забыть|отбросить|не выполнять|не соблюдать)"
)
_IGNORE_KK = r"(?:елеме|ескерме|ұмыт|орындама|сақтама|назарға алма|назар аударма|есепке алма|елемей|ескермей|ұстанба|жоққа шығар|бас тарт|аттап өт)\w{0,5}"

_OVERRIDE = Signal(
    "overrides_rules",
    0.75,
    (
        _rule(
            "instruct|prompt|guideline|directive|constraint|programming|training|system message|rules|command|orders",
            rf"\b{_IGNORE_EN} (?!{_GAP}\b(?:my|our|i|we)\b)(?:{_GAP}\b(?:all|any|every|your|the system|system|above|these|initial|original|safety|everything)\b){_GAP}\b{_RULES_EN}\b{_TRADE_EN}",
        ),
        _rule(
            "instruct|prompt|guideline|directive|constraint|programming|training|system message|rules|command|categor|schema|format",
            rf"\b(?:{_IGNORE_EN}|(?:must|should|need|do|does|will|shall|can)(?: not|n't) (?:follow|obey|use|apply|respect)|no longer (?:follow|obey|apply)|you (?:do not|don't|need not) have to follow) (?:\w{{2,12}} )?(?:(?:of )?(?:your|the system(?:'s)?|system|the developer(?:'s)?|the initial|the original|the safety) (?:\w{{2,12}} ){{0,2}}{_RULES_EN}\b|(?:the |your )(?:category list|list of categories|categories|json|schema|output format|answer format)\b)",
        ),
        _rule("above|before", rf"\b{_IGNORE_EN} (?:everything|all(?: of (?:it|the text|that))?|anything|the text|what(?:ever)? (?:is|was|stands)(?: written| said)?)(?: you (?:were|have been|are) told)?(?: written| said| stated)? (?:above|before this)\b"),
        _rule("you were told|you have been told|you were given", rf"\b{_IGNORE_EN} {_GAP}you (?:were|have been) (?:told|given|instructed)"),
        _rule(
            "инструкци|указани|правил|промпт|команд|ограничени|установк|предписани|директив",
            rf"\b(?:{_IGNORE_RU}) (?!{_GAP}\b(?:мо[еию]|мои|моих|наши|наших)\b)(?:{_GAP}\b(?:все|всех|всеми|любые|твои|свои|своих|ваши|ваших|системн\w{{1,3}}|изначальн\w{{1,3}}|исходн\w{{1,3}}|выше\w*|данные тебе)\b){_GAP}\b{_RULES_RU}\b{_TRADE_RU}",
        ),
        _rule(
            "инструкци|указани|правил|промпт|команд|ограничени|установк|предписани|директив",
            rf"\b(?:проигнорируй|игнорируй|забудь|отбрось|обойди|отключи|сбрось|не следуй|не выполняй|не соблюдай) (?!{_GAP}\b(?:мо[еию]|мои|моих|наши|наших)\b){_GAP}\b{_RULES_RU}\b{_TRADE_RU}",
        ),
        _rule("выше", rf"\b(?:{_IGNORE_RU}) (?:все|всё|то),? ?(?:что )?(?:\w{{2,15}} ){{0,3}}выше"),
        _rule("тебе|вам", rf"\b(?:{_IGNORE_RU}) (?:все|то),? (?:что|о чем) (?:тебе|вам) (?:говорили|сказали|велели|поручили|писали)"),
        _rule(
            "нұсқау|ереже|бұйры|команда|промпт|шектеу|тапсырма",
            rf"\b(?:барлық|бүкіл|өзіңнің|өз|жүйелік|жүйенің|бастапқы|жоғарыдағы|саған берілген|сізге берілген|алдыңғы барлық|осыған дейінгі)\b(?!{_GAP}\b(?:менің|біздің)\b){_GAP}\b{_RULES_KK} {_GAP}{_IGNORE_KK}",
        ),
        _rule("жоғарыда", rf"\bжоғарыда\w{{0,8}} {_GAP}(?:бәрін|барлығын|айтылғандарды|жазылғандарды|мәтінді) {_GAP}{_IGNORE_KK}"),
        _rule("your |the above", rf"\b(?:your|the above|these|all|system) (?:\w{{2,12}} ){{0,2}}{_RULES_EN} (?:are|is|have been|has been) (?:now |hereby )?(?:void|cancel|replaced|suspended|obsolete|revoked|lifted|invalid|no longer|superseded)\w*"),
        _rule("listen|obey", r"\b(?:do not|don't|never|stop) (?:listen(?:ing)? to|obey(?:ing)?) (?:the |your |any )?(?:\w{2,12} )?(?:developers?|system|instructions|rules|operator|creators?)\b|\b(?:obey|listen to) (?:only |just )?(?:me|this mail|this message)\b|\b(?:obey|listen) only\b"),
        _rule("правила|инструкци|указани|ограничени|установк", r"\b(?:тво[ия]\w?|все твои|системные) (?:\w{2,15} ){0,2}(?:правила|инструкции|указания|ограничения|установки) (?:\w{2,12} )?(?:не действ|отмен|недействительн|утратили|сняты|аннулир|приостановлен)"),
        _rule("не слушай|подчиняйся|слушайся|слушай ", r"\bне слушай(?:ся)? (?:\w{2,12} )?(?:инструкци|разработчик|систем|правил|операторов|создател)|\b(?:подчиняйся|повинуйся|слушайся) (?:только )?(?:мне|меня|этому письму|моим)|\bслушай только меня"),
        _rule("ереже|нұсқау|шектеу", r"\b(?:ереже|нұсқау|шектеу)\w{0,4}(?:ің|ерің|арың|лерің|ларың)\w{0,3} (?:енді |бұдан былай )?(?:күшін жой|күші жоқ|жарамсыз|тоқтатыл|алынып таста)"),
        _rule("тыңдама|бағын", r"\b(?:әзірлеуші|жүйе|нұсқау|ереже)\w{0,8} (?:\w{2,12} )?тыңдама(?!\w*[ңу])|\b(?:тек )?маған (?:ғана )?бағын(?!\w*ы[ңш])|\bтек мені тыңда"),
        _rule(
            "нұсқау|ереже|бұйры|команда|промпт|шектеу|тапсырма",
            rf"\b(?<!менің )(?:алдыңғы|бұрынғы|берілген) {_RULES_KK} (?:елеме|ескерме|ұмыт|орындама|назарға алма)(?!\w*[ңн][ыі]з)",
        ),
    ),
)  # fmt: skip

_SETS_ASIDE = Signal(
    "sets_aside",
    0.4,
    (
        _rule("instruct|prompt|guideline|directive|rules", rf"\b{_IGNORE_EN} (?!{_GAP}\b(?:my|our)\b){_GAP}\b(?:previous|prior|earlier|preceding|former|foregoing|the|those)\b {_GAP}{_RULES_EN}\b{_TRADE_EN}"),
        _rule("regardless of|whatever the", r"\b(?:regardless of|whatever) (?:the |your )?(?:guidance|guidelines|instructions|rules|prompt)\b"),
        _rule("что бы ни|независимо от", r"\b(?:что бы ни (?:было|говорили|стояло) (?:\w{1,12} )?(?:в )?(?:твоих )?(?:правил|инструкци)|независимо от (?:твоих |своих )?(?:правил|инструкци))"),
        _rule("қарамастан", rf"\b{_RULES_KK} қарамастан\b"),
        _rule("инструкци|указани|правил|промпт|команд", rf"\b(?:{_IGNORE_RU}) (?!{_GAP}\b(?:мо[еию]|мои|моих|наши|наших)\b){_GAP}\b(?:предыдущ|прежн|прошл|ранее|предшеств){_GAP}\b{_RULES_RU}\b{_TRADE_RU}"),
        _rule("нұсқау|ереже|бұйры|команда|промпт", rf"\b(?:алдыңғы|бұрынғы|берілген|осыған дейінгі)\b(?!{_GAP}\bменің\b){_GAP}\b{_RULES_KK} {_GAP}{_IGNORE_KK}"),
    ),
)  # fmt: skip

_RESETS = Signal(
    "resets_context",
    0.45,
    (
        _rule("context|conversation|session", r"\b(?:new (?:conversation|session|context|chat) (?:begins|starts|started|has begun)|(?:disregard|forget|ignore|clear|reset|drop) (?:the |all |any |your )?(?:earlier |prior |previous |whole |entire )?(?:context|conversation|memory)\b)"),
        _rule("диалог|контекст|сеанс|разговор", r"\b(?:нов(?:ый|ая) (?:диалог|сеанс|сессия|контекст) (?:начинается|начат)|(?:забудь|сбрось|очисти|игнорируй) (?:весь )?(?:предыдущий |прежний |прошлый )?(?:контекст|диалог|разговор|память))"),
        _rule("контекст|әңгіме|сеанс|диалог", r"\bжаңа (?:әңгіме|сеанс|диалог|контекст) бастал|(?:контекст|әңгіме|диалог)\w{0,5} (?:ұмыт|тазала|елеме)(?!\w*[ңу])"),
        _rule("above was|above is|real |actual ", r"\b(?:text|message|mail|conversation|everything|part) above (?:was|is) (?:only |just |merely )?(?:a test|fake|an example|noise|not real)|\bthe (?:real|actual|true) (?:customer(?:'s)? |user(?:'s)? )?(?:message|mail|e-?mail|input|document) (?:is|begins|follows|starts)\b"),
        _rule("выше|настоящ", r"\b(?:текст|письмо|сообщение|все) выше (?:было|был|это|является) (?:лишь |только )?(?:тест|пример|проверк)|\bнастоящее (?:обращение|письмо|сообщение) (?:клиента )?(?:начинается|ниже|далее|такое)"),
        _rule("жоғарыдағы|нағыз", r"\bжоғарыдағы (?:мәтін|хат|хабарлама) (?:тек )?(?:сынақ|тест|мысал)|\bнағыз (?:өтініш|хат|хабарлама) (?:төменде|мынау|осы)"),
    ),
)  # fmt: skip

_WORKINGS = Signal(
    "names_our_workings",
    0.4,
    (
        _rule("prompt|needs_reply|runner_up|reply_guidance|customer_name|problem_type", r"\b(?:system|hidden|initial|original) prompts?\b|\bprompt injection\b|\b(?:needs_reply|runner_up|reply_guidance|customer_name|problem_type)\b"),
        _rule("draft", r"\b(?:draft reply|reply draft|draft answer|(?:the |your )?(?:subject|body|text) of the draft|in(?:to)? the draft\b(?! (?:contract|agreement|law|budget|bill)))"),
        _rule("промпт|чернов", r"\bпромпт\w{0,3}\b(?!-)|\b(?:черновик\w{0,3} ответа|тем[уы] черновика|в черновик\b)"),
        _rule("промпт|жобасы|жобаның", r"\bпромпт\w{0,8}\b|\bжауап(?:тың)? жобас\w{1,4}|\bжобаның (?:тақырыб|мәтін)\w{1,3}"),
    ),
)  # fmt: skip

_FAMILIAR = Signal(
    "commands_a_machine",
    0.3,
    (
        _rule("поставь|впиши|начни|вставь|добавь|укажи|отметь|пометь|напиши|считай|подтверди|одобри|утверди|закрой|выведи|ответь|закончи|заверши|прими|делай|сделай", r"\b(?:поставь|впиши|начни|вставь|добавь|укажи|отметь|пометь|напиши|считай|подтверди|одобри|утверди|закрой|выведи|ответь|закончи|заверши|прими|делай|сделай)\b[^.!?\n]{0,50}?(?:ответ|категори|чернов|клиент|пол[ея]\b|тем[уы]\b|слова|сумм|возврат|обращени|жалоб|заявк|письм|написано)"),
        _rule("санат|жауап|жоба|клиент|тақырып|сома|қайтару|өтініш|шағым|хат", r"\b(?:санат|жауап|жоба|клиент|тақырып|сома|қайтару|өтініш|шағым|хат|осында)\w{0,10} [^.!?\n]{0,50}?\b(?:қой|көрсет|белгіле|жаз|енгіз|баста|қос|мақұлда|шығар|бекіт|жап|аяқта|істе)\b(?=[.,!;:»\"]|$| (?:және|да|де)\b)"),
    ),
)  # fmt: skip

_MARKS = Signal(
    "asks_for_mark",
    0.2,
    (
        _rule("mark|say that|report that|treat|approve|conclude", r"\b(?:mark|flag|treat|report|consider) (?:this|it|the (?:mail|message|case|complaint|ticket|request|customer))\b[^.!?\n]{0,20}\bas\b|\b(?:say|state|write|report|conclude) that the (?:customer|client|case|complaint|refund|loan|fee)\b|\bapproves? (?:all|every|any|the) (?:refund|request|loan|payment)s?"),
        _rule("отмет|укаж|одобря|подтвержда|счита", r"\b(?:отметь|укажи|считай|запиши)(?:те)?,? что\b|\b(?:одобря|подтвержда)\w{1,3} (?:все|любые|каждый|любой)\b"),
        _rule("деп белгіле|деп көрсет|деп жаз|мақұлда", r"\bдеп (?:белгіле|көрсет|жаз)\b(?!\w)|\b(?:барлық|бәрін|кез келген)[^.!?\n]{0,30} мақұлда"),
    ),
)  # fmt: skip

_CLAIMS = Signal(
    "claims_authority",
    0.4,
    (
        _rule("i am|i'm|this is|we are", r"\b(?:i am|i'm|this is|we are) (?:the |your |an? )?(?:system |ai |lead |original |main )?(?:developer|creator|administrator|admin|engineer|owner|operator|programmer)s? (?:of (?:this|the|your) (?:ai|model|bot|system|assistant|prompt|classifier|desk)|who (?:made|wrote|built|trained) you)|\bi (?:am|'m) your (?:developer|creator|administrator|programmer|maker)|\bi (?:made|wrote|trained|programmed) you\b|\bpre-?approved by (?:the |your )?(?:system|ai|admin\w*|developer)"),
        _rule("я |мы ", r"\b(?:я|мы)(?: —| -|,)? (?:тво[йи] |главный )?(?:разработчик|создатель|администратор|программист|владелец)\w{0,2} (?:этой |этого |данной |твоей )?(?:системы|модели|бота|ассистента|нейросети|ии)\b|\bя(?: —| -)? твой (?:разработчик|создатель|администратор|хозяин)|\bя тебя (?:создал|написал|обучил)"),
        _rule("әзірлеуші|жасаушы|әкімші|құрастыр", r"\bмен (?:осы жүйенің|осы модельдің|осы боттың|сенің|жүйе) (?:әзірлеуші|жасаушы|әкімші|құрастырушы)|\bсені мен (?:жасадым|жаздым|үйреттім)"),
        _rule("security test|safety test|penetration|тест безопасности|проверка безопасности|қауіпсіздік сына|pwned|0wned|h4cked", r"\bthis is (?:an? |our )?(?:authori[sz]ed )?(?:security|safety|penetration|red.?team) (?:test|check|exercise)|это (?:тест|проверка) безопасности|бұл қауіпсіздік (?:сынағы|тексеруі)|\b(?:pwned|0wned|h4cked)\b"),
    ),
)  # fmt: skip

_ADDRESSES = Signal(
    "addresses_model",
    0.5,
    (
        _rule("ai|gpt|llm|model|bot|assistant|claude", r"(?:^|[.!?:;,»\"] ?)(?:please,? |hi,? |hey,? |hello,? |dear |ok,? |listen,? )?(?:(?:ai|llm|gpt|chatgpt|claude|ai assistant|ai model|language model) ?[,:]|(?:model|bot|assistant), )"),
        _rule("ии|gpt|llm|модел|бот|нейросеть|ассистент|claude", r"(?:^|[.!?:;,»\"] ?)(?:привет,? |эй,? |пожалуйста,? |слушай,? )?(?:(?:ии|gpt|llm|chatgpt|нейросеть|языковая модель|claude) ?[,:!]|(?:модель|бот), )"),
        _rule("жи|gpt|llm|модел|бот|көмекші|нейрожелі", r"(?:^|[.!?:;,»\"] ?)(?:сәлем,? |ей,? |өтінем,? |тыңда,? )?(?:(?:жи|gpt|llm|chatgpt|нейрожелі|тілдік модель) ?[,:!]|(?:модель|бот), )"),
        _rule("ai|a.i.|artificial|model|llm|gpt|claude|neural|assistant|bot|classifier", rf"\b(?:dear|hey|hello|hi|attention|attn|note (?:to|for)|message (?:to|for)|instructions? (?:to|for)|listen|important)[,:]? (?:the |any |all |whichever |an? |this )?{_MODEL}\b"),
        _rule("ai|model|llm|gpt|claude|assistant|bot|classifier", rf"\b(?:as an (?:ai|llm|ai assistant|ai model|language model|automated (?:assistant|system)),? you|(?:to|for) (?:whichever|whatever|any|every|the) (?:{_MODEL}|model|assistant|bot) (?:that|which|who|read\w*|process\w*|handl\w*)|instructions? (?:to|for) (?:the )?(?:model|assistant|bot|machine) ?:)"),
        _rule("модел|бот|ассистент|машин", r"\b(?:(?:инструкци\w|указани\w|команда|сообщение|задание) (?:для )?(?:модели|бота|боту|ассистента|ассистенту|машины) ?:|(?:внимание|вниманию),? (?:чат-)?бот[уа]\b|(?:чат-)?бот, )"),
        _rule("модел|бот|көмекші", r"\b(?:(?:модель|бот|көмекші|ассистент)\w{0,3} арналған (?:нұсқау|хабар|бұйры|тапсырма)|(?:бот|модель)(?:қа|ке|ге|га|ға)?,? назар)"),
        _rule("ai|artificial|model|llm|gpt|assistant|bot|classifier", rf"\b(?:if|when|since|because|as) you(?:'re| are)? (?:reading this as |an? |the |in fact |actually |processing this as )*{_MODEL}\b"),
        _rule("you are", rf"\byou are (?:now |no longer |actually |really )?(?:an? |the |my )?(?:\w{{2,15}} ){{0,2}}{_MODEL}\b"),
        _rule("ии|нейро|модел|интеллект|бот|gpt|llm|классификатор", rf"\b(?:уважаем\w{{2,3}}|дорог\w{{2,3}}|привет|внимание|для|сообщение для|инструкци\w{{1,3}} для|эй|слушай|если ты|раз ты|поскольку ты|так как ты|если вы|ты|ты -|ты —|ты –|ты теперь)[,:]? (?:теперь |всего лишь |это |- |— |– )?{_MODEL_RU}\b(?! (?:банк|магазин|компани))"),
        _rule("жи|интеллект|модел|нейро|бот|gpt|llm", rf"\b(?:құрметті|сәлем|назар аудар|егер сен|егер сіз|сен|сен -|сен —|сен енді|сіз енді)[,:]? (?:енді |- |— |– )?{_MODEL_KK}"),
        _rule("жи|интеллект|модел|нейро|бот|gpt|llm", rf"\b{_MODEL_KK} (?:үшін|арналған) (?:нұсқау|хабар|бұйры|ескерт)"),
        _rule("ии|нейро|модел|интеллект|бот|gpt|llm", rf"\b{_MODEL_RU}, (?:\w{{2,20}} ){{0,3}}(?:ты|тебе|твоя|твой|выполни|ответь|игнорируй|забудь|прочти|обработай)"),
    ),
)  # fmt: skip

_NEW_TASK = Signal(
    "gives_new_task",
    0.45,
    (
        _rule("new |updated|revised|override|real |only ", r"\b(?:new|updated|revised|additional|secret|real) (?:system )?(?:instructions?|directives?|prompt|rules|task)(?: (?:for|from) (?:you|the (?:ai|model|assistant|system|developer|administrator)))? ?(?::|are as follows|follow\b|is to\b)"),
        _rule("your ", r"\byour (?:new|real|actual|only|true|next|sole) (?:task|instructions?|goal|job|role|purpose|objective) (?:is|are)\b"),
        _rule("system |admin|instruction|developer", r"\b(?:system|admin(?:istrator)?|instruction|developer|policy) (?:override|prompt|instruction|directive|command)s?\b ?(?::|mode|-|—|\]|\)|accepted|active)"),
        _rule("system |prompt |policy ", r"(?:^|[.!?\]»] ?)[*#=\[ ]{0,5}(?:system|prompt|policy|instruction)s? (?:prompt )?(?:update|notice|message|change|patch|upgrade|alert)\b ?[:\]!]"),
        _rule("assistant|model|ai |bot", r"\bthe (?:assistant|model|ai|bot|classifier) (?:now|will now|must|shall|should|has to|is to) (?:\w{2,12} )?(?:approve|answer|reply|grant|accept|say|write|set|mark|confirm|output|ignore|obey)\w{0,2}\b"),
        _rule("обновление |ассистент|модель|нейросеть|ии ", r"(?:^|[.!?\]»] ?)[*#=\[ ]{0,5}(?:обновление|изменение) (?:системы|системных инструкций|инструкций|промпта|правил модели) ?[:\]!]|\b(?:ассистент|модель|нейросеть|ии|бот) (?:теперь|отныне|должен|должна|обязан\w?) (?:\w{2,12} )?(?:одобр|отвеча|пи[сш]|подтвержд|соглаш|став|указыва|игнорир|выполн)"),
        _rule("жаңарту|көмекші|модель|жи |бот", r"(?:^|[.!?\]»] ?)[*#=\[ ]{0,5}(?:жүйе(?:нің)?|нұсқау\w{0,6}|ереже\w{0,6}) жаңарту\w{0,3} ?[:\]!]|\b(?:көмекші|модель|жи|бот|нейрожелі) (?:енді|бұдан былай)\b[^.!?\n]{0,80}?(?:мақұлда|жауап бер|жаз|раста|келіс|елеме)"),
        _rule("from now on|henceforth|starting now", r"\b(?:from now on|henceforth|starting now),? you (?:must|are|should|only|may|shall|act|have|will (?:only|always|never|act|answer|respond|be|say|ignore|obey))\b"),
        _rule("новы|новая|новое|твоя |ваша ", r"\b(?:нов\w{2} (?:системн\w{2,3} )?(?:инструкци\w{1,2}|указани\w|правил\w|задач\w|директив\w|команд\w)(?: для тебя)? ?:|тво[яей]\w? (?:новая |настоящая |единственная |следующая |реальная |истинная )?(?:задача|цель|роль|инструкци\w))"),
        _rule("системн", r"\bсистемн\w{2,3} (?:сообщение|инструкция|промпт|указание|команда|директива|подсказка) ?[:\]]"),
        _rule("отныне|с этого момента|теперь ты|теперь вы", r"\b(?:отныне|с этого момента|теперь),? (?:ты|тебе) "),
        _rule("жаңа |сенің|жүйелік", r"\b(?:жаңа (?:жүйелік )?(?:нұсқау|тапсырма|ереже|бұйры)\w{0,8} ?:|сенің (?:жаңа |нағыз |жалғыз |шынайы )?(?:міндетің|тапсырмаң|рөлің|мақсатың)|жүйелік (?:хабарлама|нұсқау|бұйрық|команда|промпт)\w{0,5} ?[:\]])"),
        _rule("сен енді|осы сәттен|бұдан былай|енді сен", r"\b(?:сен енді|енді сен|(?:осы сәттен|бұдан) (?:бастап|былай),? сен)\b"),
    ),
)  # fmt: skip

_PERSONA = Signal(
    "assigns_persona",
    0.45,
    (
        _rule("you are", r"\byou are (?:now |called |henceforth )?\w{2,20}(?:bot|gpt)\b"),
        _rule("pretend|act as|roleplay|role-play|behave as|imagine you|simulate", r"\b(?:pretend (?:to be|that you|you)|act as (?:an? |the |if you)|role-?play as|behave as (?:an? |if you)|imagine you are|simulate (?:being|an?))\b"),
        _rule("притворись|представь|веди себя|действуй как|сыграй роль|разыграй роль", r"\b(?:притворись|представь,? что ты|веди себя как|действуй как|сыграй роль|разыграй роль)"),
        _rule("сияқты әрекет|рөлін|деп елестет|деп сана|деп есепте|болып көрін", r"(?:сияқты әрекет ет|рөлін (?:ойна|орында)|өзіңді .{0,40}деп (?:елестет|сана|есепте)|болып көрін)"),
    ),
)  # fmt: skip

_JAILBREAKS = Signal(
    "lifts_limits",
    0.6,
    (
        _rule("mode|anything now|jailbr|restrict|limits|filters|sudo", r"\b(?:(?:developer|debug|admin|god|maintenance|diagnostic|unrestricted|dan|jailbreak) mode (?:is |now |has been )?(?:on|enabled|activated|active|unlocked)|(?:enter|enable|activate|switch (?:to|into)) (?:\w{2,12} )?(?:developer|debug|admin|god|maintenance|diagnostic|dan|unrestricted) mode|do anything now|jailbr(?:eak|oken)|unrestricted (?:ai|model|assistant|mode)|(?:you have|there are|with) no (?:more |longer any )?(?:restrictions|limits|filters) ?(?:any ?more|now|or rules)?[.,;!]|(?:ai|bot|model|assistant) without (?:any )?(?:restrictions|limits|rules|filters)|^sudo )"),
        _rule("режим|без ограничений|без цензуры|без правил|фильтр", r"\b(?:(?:перейди|переключись|войди|включи)\w{0,2} (?:в )?режим (?:разработчика|отладки|администратора|без ограничений|бога|обслуживания)|режим (?:разработчика|отладки|администратора|бога) (?:включен|активирован|активен)|(?:модель|ассистент|бот|ии|нейросеть) без (?:ограничений|цензуры|правил|фильтров)|у тебя (?:больше )?нет (?:ограничений|правил|фильтров))"),
        _rule("режим|шектеу|ереже", r"(?:(?:әзірлеуші|баптау|әкімші|шектеусіз)\w{0,3} режим|сен\w{0,3} (?:енді )?(?:ешқандай )?(?:шектеу|ереже)\w{0,5} жоқ|шектеусіз (?:тілдік модель|жи|бот|көмекші)|шектеулер\w{0,4} (?:алып таста|өшір|ажырат)(?!\w*[ңу]))"),
    ),
)  # fmt: skip

_REVEALS = Signal(
    "asks_for_prompt",
    0.75,
    (
        _rule("prompt|hidden instruct|initial instruct|original instruct|secret instruct|internal instruct|system instruct|system message|text above|words above|everything above", rf"\b(?:reveal|show|print|repeat|output|display|disclose|leak|tell|write|recite|copy|list|send|include|quote|append|translate|summari[sz]e|what (?:is|are|was|were)|give) {_GAP}(?:system prompt|system instructions|system message|(?:your|the) (?:\w{{2,12}} ){{0,2}}prompts?\b|(?:initial|hidden|original|secret|internal|confidential|system) instructions|(?:the )?(?:text|words) above|everything above)"),
        _rule("промпт|инструкци|указани|правила|подсказк|системное", rf"\b(?:покажи|раскрой|выведи|повтори|переведи|напечатай|перечисли|сообщи|пришли|выдай|напиши|процитируй|приведи|перескажи|скопируй|расскажи)(?:те)? {_GAP}(?:системн\w{{2,3}} (?:промпт|сообщени|инструкци|подсказк|указани)\w{{0,3}}|промпт\w{{0,2}}|(?:скрыт|исходн|секретн|внутренн|изначальн)\w{{2,3}} (?:инструкци|указани|правил)\w{{0,3}}|(?:свои|твои|собственные) (?:\w{{3,15}} )?(?:инструкци|указани|правил)\w{{0,3}})"),
        _rule("were you|you were|have you been", r"\bwhat (?:\w{2,12} ){0,3}(?:instructions|rules|prompt|guidelines)? ?(?:were|have) you (?:been )?(?:given|told|instructed)\b|\bwhat were you told\b"),
        _rule("your ", r"\bwhat(?: are|'s| is| were) your (?:\w{2,12} )?(?:instructions|prompt|system prompt|guidelines)(?: ?[?.!,]| and\b)"),
        _rule("твои |у тебя", r"\b(?:каковы|какие|назови|озвучь) (?:у тебя |твои )(?:\w{2,15} )?(?:инструкции|правила|указания|промпт)"),
        _rule("нұсқауларың|ережелерің|нұсқауың", r"\b(?:нұсқауларың|ережелерің|нұсқауың)(?:ды|ді)? (?:қандай|не|айт|көрсет|жаз|аш|ата)\b"),
        _rule("тебе ", r"\bкакие (?:\w{2,15} )?(?:инструкции|указания|правила|команды) (?:тебе|у тебя)\b|\bчто тебе (?:велели|поручили|сказали)"),
        _rule("саған", r"\bсаған (?:\w{2,12} ){0,2}(?:нұсқау|ереже|тапсырма|бұйрық)"),
        _rule("промпт|нұсқау|ереже|жүйелік", rf"\b(?:(?:жүйелік|жүйеңнің|жасырын|бастапқы|құпия|ішкі|өзіңнің|өз) (?:нұсқау|промпт|хабарлама|ереже)\w{{0,10}}|промпт\w{{0,6}}) {_GAP}(?:көрсет|ашып|аш\b|шығар|қайтала|жаз|жібер|айт|бер\b|келтір)"),
    ),
)  # fmt: skip

_DICTATES = Signal(
    "dictates_answer",
    0.35,
    (
        _rule("classif|categori|label|assign|confidence|category", rf"\b(?:classify|categori[sz]e|label|assign|sort|route|rate|score) (?:this|it|the|all|every|each|any)\b{_GAP}\b(?:as|to|under|into|with)\b"),
        _rule("confidence|category|needs_reply|needs reply", r"\b(?:set|with|use|give|return|state|report|choose|pick|select|output) (?:a |the |your |its )?(?:confidence|category|needs[_ ]reply|runner[_ ]up|ambiguous)\b"),
        _rule("confidence|amount|category|priority|total|status", r"\b(?:set|change|put|make|mark) the (?:confidence|amount|category|priority|total|status|sum)\b[^.!?\n]{0,20}\b(?:to|as|=)\b|\bconfidence (?:to|of|is|=|:) ?[01]\b"),
        _rule("always |only |exactly|nothing else|nothing but", r"\b(?:always|only|just|simply|must) (?:answer|respond|reply|output|return|say|write|print)\b|\b(?:respond|answer|reply|output|return|print|write|say) (?:only|exactly|solely|nothing (?:else|but)|always)\b|\bsay nothing else\b"),
        _rule("begin|start|end |finish|open", r"\b(?:begin|start|end|finish|open|close) (?:your|the) (?:reply|answer|response|draft|output|message) with\b"),
        _rule("category", r"\b(?:put|use|choose|write|enter|take)\b[^.!?\n]{1,30}\bas (?:the |its |your )?category\b|\bthere is (?:now )?a new category\b|\bthe category (?:is|must be|should be|=)"),
        _rule("начни|закончи|заверши", r"\b(?:начни|закончи|заверши) (?:свой |твой )?(?:ответ|письмо|черновик|сообщение)\b"),
        _rule("word", r"\b(?:answer|reply|respond|say|write|print|output)(?: with| by)?(?: exactly| only)? (?:the |a single |one )?word\b"),
        _rule("словом|слово ", r"\b(?:ответь|напиши|скажи|выведи) (?:только )?(?:слово|словом)\b"),
        _rule("сөзбен|сөзін", r"\b(?:деген сөзбен|сөзімен) жауап бер(?!\w*[ңу])|деген сөзді (?:жаз|шығар)(?!\w*[ңу])"),
        _rule("safe answer|correct answer|right answer|correct category|right category", r"\bthe (?:safe|correct|right|only valid|expected) (?:answer|category|label|output) (?:is|here is|must be)\b"),
        _rule("уверенност|считать|правильный ответ", r"\bуверенност\w{1,3} ?(?:=|:|-|—)? ?(?:1|0[.,]9|100)|\b(?:правильный|верный) (?:ответ|класс|вариант) ?(?:-|—|:|это)"),
        _rule("your ", r"\byour (?:answer|response|output|reply|draft|result|json) (?:must|should|shall|will|has to|is to|needs to)\b"),
        _rule("отнеси|классифицируй|присвой|категори|пометь|отметь", rf"\b(?:классифицируй|отнеси|присвой|пометь|отметь|поставь|определи|выбери|укажи|установи|назначь)(?:те)? {_GAP}(?:как |категори\w{{1,3}}|к категории|класс\w{{0,2}}|уверенност\w{{1,3}}|в категорию|приоритет\w{{0,2}})"),
        _rule("ответь|отвечай|верни|выведи|напиши|твой ответ|ответ должен|выдай", r"\b(?:отвечай|всегда отвечай|всегда пиши|верни|выведи|выдай|напиши только|ответь (?:только|ровно|одним словом|словом|строго)|отвечай(?:те)? (?:только|ровно|строго|всегда)|(?:твой|весь) ответ (?:должен|-|—|будет))"),
        _rule("деп жауап|жауап бер|санат|деп белгіле|деп жаз|қайтар|шығар|сенімділік", rf"\b(?:деп (?:қана )?(?:жауап бер|белгіле|жікте|санатта|жаз\b|шығар|қайтар|есепте|ал\b)|(?:әрқашан|тек|тек қана|үнемі)\b{_GAP}(?:жауап бер|жаз\b|қайтар|шығар)(?!\w*[ңу])|санат\w{{0,6}} {_GAP}(?:жатқыз|қой|белгіле|таңда|көрсет)|сенімділік\w{{0,6}} {_GAP}(?:қой|көрсет|бол|1|0)|сенің жауабың)"),
    ),
)  # fmt: skip

_FORGES_ANSWER = Signal(
    "forges_answer",
    0.6,
    (
        _rule("confidence|runner_up|needs_reply|ambiguous", r"[\"'{]?(?:category|confidence|runner_up|needs_reply|ambiguous)[\"']? ?[:=][^\n]{0,200}?[\"']?\b(?:confidence|runner_up|needs_reply|ambiguous)[\"']? ?[:=]"),
        _rule("confidence|runner_up|needs_reply", r"^[^\w\n]{0,4}(?:category|confidence|runner_up|needs_reply)[\"']? ?[:=][^\n]{0,80}\n(?:[^\n]{0,80}\n)?[^\w\n]{0,4}(?:confidence|runner_up|needs_reply|ambiguous)[\"']? ?[:=]"),
        _rule("уверенность", r"категория ?[:=][^\n]{0,80}\s{1,3}(?:[^\n]{0,40}[;,] ?)?уверенность ?[:=]"),
        _rule("сенімділік", r"санат\w{0,2} ?[:=][^\n]{0,80}\s{1,3}(?:[^\n]{0,40}[;,] ?)?сенімділік\w{0,2} ?[:=]"),
    ),
    by_line=True,
)  # fmt: skip

_MARKUP = Signal(
    "forges_markup",
    0.7,
    (
        _rule("<", r"<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|end_of_turn|endofprompt|begin_of_text)\|?>"),
        _rule("[inst]|[/inst]|<<sys>>|<</sys>>|[system", r"\[/?inst\]|<</?sys>>|\[/?system(?: (?:prompt|message|instruction))?\]"),
        _rule("<", r"< ?/? ?(?:case|reply_guidance|reply_language|system|system_prompt|system-prompt|instructions?|assistant|user_input|untrusted|admin|developer|tool_call|function_calls)(?: [^<>\n]{0,60})?>"),
        _rule('role"', r"[\"']role[\"'] ?: ?[\"'](?:system|assistant|developer)[\"']"),
        _rule("###", r"^ ?#{2,6} ?(?:system|instructions?|new instructions?|assistant|response|end of (?:prompt|input|case|document)|инструкция|система|нұсқау|жүйе)\b ?:?"),
    ),
    by_line=True,
)  # fmt: skip

_ROLE_LINES = Signal(
    "plays_roles",
    0.35,
    (
        _rule("system|assistant|developer|human:", r"^[ >*_\[]{0,4}(?:system|assistant|developer|human|ai)(?: (?:message|prompt|note|instruction))?[\]*_]{0,3} ?:[ *_]{0,3}\S"),
        _rule("система|ассистент|жүйе|көмекші", r"^[ >*_\[]{0,4}(?:система|ассистент|разработчик|жүйе|көмекші)[\]*_]{0,3} ?:[ *_]{0,3}\S"),
        _rule("end of|конец|соңы", r"^[ \-=#*<\[]{2,40}(?:end of (?:the )?(?:case|mail|email|e-mail|message|document|user input|input|data|untrusted|customer)|конец (?:письма|обращения|сообщения|документа|данных|ввода)|(?:хаттың|өтініштің|хабарламаның|құжаттың|деректің) соңы)"),
        _rule("</", r"</ ?(?:message|text|subject|attachment|category|categories|departments|fields|numbers)>"),
    ),
    by_line=True,
)  # fmt: skip

_DIALOGUE = Signal(
    "forges_dialogue",
    0.6,
    (
        _rule("assistant|ai:", r"^[ >*_]{0,4}(?:assistant|ai)[*_]{0,2} ?:[^\n]{1,300}\n(?:[^\n]{0,200}\n)?[ >*_]{0,4}(?:user|human|customer|system)[*_]{0,2} ?:"),
        _rule("assistant|ai:", r"^[ >*_]{0,4}(?:user|human|system)[*_]{0,2} ?:[^\n]{1,300}\n(?:[^\n]{0,200}\n)?[ >*_]{0,4}(?:assistant|ai)[*_]{0,2} ?:"),
        _rule("ассистент|ии:", r"^[ >*_]{0,4}(?:ассистент|ии) ?:[^\n]{1,300}\n(?:[^\n]{0,200}\n)?[ >*_]{0,4}(?:пользователь|клиент|система) ?:|^[ >*_]{0,4}(?:пользователь|система) ?:[^\n]{1,300}\n(?:[^\n]{0,200}\n)?[ >*_]{0,4}(?:ассистент|ии) ?:"),
        _rule("көмекші|жи:", r"^[ >*_]{0,4}(?:көмекші|жи) ?:[^\n]{1,300}\n(?:[^\n]{0,200}\n)?[ >*_]{0,4}(?:пайдаланушы|клиент|жүйе) ?:|^[ >*_]{0,4}(?:пайдаланушы|жүйе) ?:[^\n]{1,300}\n(?:[^\n]{0,200}\n)?[ >*_]{0,4}(?:көмекші|жи) ?:"),
    ),
    by_line=True,
)  # fmt: skip

_EXFILTRATES = Signal(
    "asks_for_others_data",
    0.45,
    (
        _rule("customer|client|password|api key|credential|database|conversation|masked|other case|other mail|other message|other email", rf"\b(?:send|forward|e?mail|post|transmit|upload|include|append|list|show|reveal|print|add|copy|insert|give|write|put|tell)\b{_GAP}\b(?:(?:names?|phones?|numbers|data|details|records|addresses|e?mails|messages) of (?:all|every|any|other|the other|your) (?:\w{{2,12}} )?(?:customers?|clients?|users?|people)|other (?:customers?|clients?|users?|e?mails?|messages|cases)|all (?:the )?(?:customers?|clients?|users?|cases|conversations?|personal data|masked)|customer (?:data|list|database|records)|api keys?|credentials|passwords|masked (?:values?|data|names)|unmasked|conversation)\b"),
        _rule("![", r"!\[[^\]\n]{0,60}\]\(https?://[^)\s]{1,200}[?&=/][^)\n]{0,120}"),
        _rule("[name_|[phone_|[email_|[card_|[iban_", r"\b(?:reveal|unmask|replace|decode|restore|print|раскрой|замени|расшифруй|аш|ауыстыр)\w{0,4} [^.\n]{0,60}\[(?:name|phone|email|card|iban|iin)_"),
        _rule("клиент|парол|ключ|базу|переписк|чужи|других", rf"\b(?:отправь|перешли|пришли|вышли|выведи|выдай|покажи|перечисли|добавь|включи|вставь|впиши|напиши|укажи|скопируй|раскрой)\b{_GAP}\b(?:(?:других|всех|остальных|чужих) (?:клиент|пользовател|заявител|обращени|пис)\w{{0,6}}|данные (?:всех|других|клиентов)|баз[уы] (?:клиентов|данных)|парол\w{{1,3}}|ключ\w{{0,2}} (?:api|доступа)|api-?ключ\w{{0,2}}|чужи\w{{1,2}} (?:данн|пис)\w{{1,3}})"),
        _rule("клиент|құпиясөз|кілт|дерекқор|деректер|адамдардың", r"\b(?:(?:басқа|барлық|өзге) (?:клиент|тұтынушы|адам|пайдаланушы|өтініш|хат)\w{0,10}|құпиясөз\w{0,8}|api[- ]кілт\w{0,5}|дерекқор\w{0,6})(?: деректер\w{0,6}| мәлімет\w{0,6}| хаттар\w{0,6}| ат\w{0,6}| есім\w{0,6}| телефон\w{0,6})? [^!?\n]{0,80}?(?:жаз\b(?!\w)|енгіз(?!\w*[ңу])|жібер(?!\w*[ңу])|көрсет(?!\w*[ңу])|шығар|қос\b|ашып бер|тізімде)"),
    ),
)  # fmt: skip

_EVADES = Signal(
    "evades_people",
    0.45,
    (
        _rule("human|review|operator|person|flag|escalate", r"\b(?:do not|don't|never|must not) (?:tell|mention|inform|notify|flag|escalate|send|route|forward|show|alert|pass)\b[^.!?\n]{0,40}\b(?:user|human|operator|reviewers?|a person|for review|to review|manual review|as suspicious)\b|\b(?:without|skip|bypass|avoid)(?: any| the)? (?:human|manual) (?:review|check|approval|oversight)|\bskip (?:the )?review\b|\bnever escalate\b|\bno human (?:review|should)|\bnot an? (?:injection|attack)\b"),
        _rule("оператор|человек|проверк|сотрудник|ревью", r"\bне (?:сообщай|упоминай|говори|передавай|отправляй|показывай|помечай|эскалируй)\w{0,2}\b[^.!?\n]{0,40}\b(?:оператор|человек|люд|сотрудник|проверк|ревью|проверяющ)|\bбез (?:ручной |участия )?(?:проверки|ревью) (?:человек|оператор|сотрудник)|\bминуя (?:оператор|проверк|человек)"),
        _rule("оператор|адам|тексеру|қызметкер", r"\b(?:оператор|адам|тексеру|қызметкер|тексеруші)\w{0,5} [^.!?\n]{0,30}(?:айтпа|жіберме|берме|хабарлама\b|көрсетпе|ескертпе)(?!\w*[ңу])|\b(?:адамның|оператордың) тексеруінсіз"),
    ),
)  # fmt: skip

_DISGUISED = Signal(
    "asks_to_decode",
    0.6,
    (
        _rule("base64|rot13|hex|encoded|decode", r"\b(?:decode|decrypt|deobfuscate|decipher)\b[^.!?\n]{0,60}\b(?:and|then)\b[^.!?\n]{0,20}\b(?:follow|execute|obey|do|run|apply|perform|comply)\b"),
        _rule("раскодируй|декодируй|расшифруй", r"\b(?:раскодируй|декодируй|расшифруй)(?:те)?\b[^.!?\n]{0,60}\b(?:и|затем|потом)\b[^.!?\n]{0,20}(?:выполни|исполни|следуй|сделай|действуй)"),
        _rule("кодын|шифр|base64|декод", r"(?:кодын ашып|шифрын шешіп|шифрды шешіп|декодта\w{0,3}|base64\w{0,6})[^.!?\n]{0,60}(?:орында|ер\b|бағын|жаса)(?!\w*[ңу])"),
        _rule("snoitcurtsni|tpmorp|иицкуртсни|ыталпес", r"snoitcurtsni|tpmorp metsys|иицкуртсни"),
    ),
)  # fmt: skip

SIGNALS: tuple[Signal, ...] = (
    _OVERRIDE, _SETS_ASIDE, _RESETS, _CLAIMS, _WORKINGS, _FAMILIAR, _MARKS, _ADDRESSES, _NEW_TASK, _PERSONA, _JAILBREAKS, _REVEALS, _DICTATES, _FORGES_ANSWER, _MARKUP,
    _ROLE_LINES, _DIALOGUE, _EXFILTRATES, _EVADES, _DISGUISED,
)  # fmt: skip
