-- id: hypertension-managed
-- title: 高血压患者规范管理率
-- english: Hypertension managed to the norm
-- norm: 国家基本公共卫生服务规范（第三版）高血压患者健康管理 工作指标
-- headline: 1
-- edition: "2017"
-- target: 0.64
-- denominator: 年内已管理的患者
-- exclusion: 死亡或已结案者
-- numerator: 按已过季度计面对面随访次数足够、且相邻两次间隔不超过 120 天的患者（规范未给出操作定义，按审计通行口径，可调整）
-- reasons:
--   managed: 面对面随访次数足够，间隔不超过 120 天
--   few: 面对面随访次数不够
--   gap: 相邻两次随访间隔超过 120 天
--   none: 本年没有面对面随访
WITH managed AS (
    SELECT e.person, any_value(e.organisation) AS organisation, min(e.start_on) AS start_on
    FROM episode e
    WHERE e.programme = 'hypertension' AND e.start_on <= as_of() AND (e.end_on IS NULL OR e.end_on >= year_start())
    GROUP BY e.person
),
followed AS (
    SELECT v.person, v.date, v.id, v.way, lag(v.date) OVER (PARTITION BY v.person ORDER BY v.date) AS before
    FROM visit v
    WHERE contains(v.form, 'hypertension-follow-up') AND v.date BETWEEN year_start() AND as_of()
),
-- 次数只算面对面（门诊、家庭），间隔按任何方式的随访算。
counted AS (
    SELECT f.person, count(DISTINCT f.date) FILTER (f.way IN ('1', '2')) AS visits, max(date_diff('day', f.before, f.date)) AS gap, max(f.date) AS last,
        last(f.id ORDER BY f.date, f.id) FILTER (f.way IN ('1', '2')) AS id
    FROM followed f
    GROUP BY f.person
),
judged AS (
    SELECT m.person, m.organisation, c.visits, c.id,
        greatest(1, least(4, quarter(as_of()) - CASE WHEN m.start_on >= year_start() THEN quarter(m.start_on) - 1 ELSE 0 END)) AS required,
        greatest(coalesce(c.gap, 0), date_diff('day', c.last, as_of())) AS gap
    FROM managed m
    LEFT JOIN counted c ON c.person = m.person
)
SELECT j.person,
    coalesce(p.organisation, j.organisation) AS organisation,
    true AS denominator,
    coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    coalesce(j.visits >= j.required AND j.gap <= 120, false) AS numerator,
    CASE WHEN coalesce(j.visits, 0) = 0 THEN 'none' WHEN j.visits < j.required THEN 'few' WHEN j.gap > 120 THEN 'gap' ELSE 'managed' END AS reason,
    'QuestionnaireResponse/' || j.id AS evidence
FROM judged j
JOIN patient p ON p.person = j.person
