using Tongxin.Web;

namespace Tongxin.Modules.Tuberculosis;

/// <summary>结核病分级诊疗: suspects found and traced, patients visited within 72 hours, observed treatment, outcome.</summary>
/// <remarks>Definitions only; the designated hospital's treatment is not in it.</remarks>
public sealed class TuberculosisModule : HealthSystem
{
    public override string Title => "肺结核患者健康管理";

    public override string TitleInEnglish => "Tuberculosis";
}
