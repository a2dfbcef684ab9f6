using Tongxin.Web;

namespace Tongxin.Modules.PersonalRecord;

/// <summary>健康档案: the resident's health record as a whole; its indicators of coverage and use lie in this folder.</summary>
public sealed class PersonalRecordModule : HealthSystem
{
    public override string Title => "健康档案";

    public override string TitleInEnglish => "Personal record";
}
