-- id: smd-managed
-- title: 严重精神障碍患者规范管理率
-- english: Severe mental disorders managed to the norm
-- norm: 国家基本公共卫生服务规范（第三版）严重精神障碍患者管理 工作指标
-- edition: "2017"
-- target: 0.80
-- sensitivity: MentalHealth
-- denominator: 登记在册的确诊患者
-- exclusion: 死亡者
-- numerator: 按已过季度计随访次数足够、且相邻两次间隔不超过 120 天的患者（规范未给出操作定义，按审计通行口径，可调整）
-- reasons:
--   managed: 随访次数足够，间隔不超过 120 天
--   few: 随访次数不够
--   gap: 相邻两次随访间隔超过 120 天
--   none: 本年没有随访
WITH registered AS (
    SELECT e.person, any_value(e.organisation) AS organisation, min(e.start_on) AS start_on FROM episode e
    WHERE e.programme = 'severe-mental-disorders' AND e.start_on <= as_of() AND (e.end_on IS NULL OR e.end_on >= year_start()) GROUP BY e.person
),
followed AS (
    SELECT v.person, v.date, v.id, lag(v.date) OVER (PARTITION BY v.person ORDER BY v.date) AS before FROM visit v
    WHERE contains(v.form, 'smd-follow-up') AND v.date BETWEEN year_start() AND as_of()
),
counted AS (
    SELECT f.person, count(DISTINCT f.date) AS visits,
        greatest(coalesce(max(date_diff('day', f.before, f.date)), 0), date_diff('day', max(f.date), as_of())) AS gap, arg_max(f.id, f.date) AS id
    FROM followed f GROUP BY f.person
),
owed AS (
    SELECT person, greatest(1, least(4, quarter(as_of()) - CASE WHEN start_on >= year_start() THEN quarter(start_on) - 1 ELSE 0 END)) AS visits FROM registered
)
SELECT r.person, coalesce(p.organisation, r.organisation) AS organisation, true AS denominator, coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    coalesce(c.visits >= o.visits AND c.gap <= 120, false) AS numerator,
    CASE WHEN c.visits IS NULL THEN 'none' WHEN c.visits < o.visits THEN 'few' WHEN c.gap > 120 THEN 'gap' ELSE 'managed' END AS reason,
    'QuestionnaireResponse/' || c.id AS evidence
FROM registered r JOIN patient p ON p.person = r.person
JOIN owed o ON o.person = r.person LEFT JOIN counted c ON c.person = r.person
