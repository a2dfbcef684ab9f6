namespace Tongxin.Fhir.Questionnaires;

/// <summary>One instance of an item in a form being filled: its answers and whether it is asked now. Groups that repeat have one for each row.</summary>
public sealed class FilledItem
{
    internal FilledItem(FormItem item, FilledItem? parent) => (Item, Parent) = (item, parent);

    public FormItem Item { get; }
    public FilledItem? Parent { get; }
    public List<Answer> Answers { get; } = [];
    public List<FilledItem> Children { get; } = [];

    /// <summary>False while a condition of it or of a group around it does not hold; such answers count as not given.</summary>
    public bool Enabled { get; internal set; } = true;

    /// <summary>Name of this instance in a page's form: the linkId, with <c>group[row]/</c> before it inside repeating groups.</summary>
    public string Name
    {
        get
        {
            var row = "";
            for (var above = Parent; above is not null; above = above.Parent)
                if (above.Item is { Repeats: true, Type: ItemType.Group }) row = $"{above.Item.LinkId}[{above.Row}]/{row}";
            return row + Item.LinkId;
        }
    }

    /// <summary>Place among the instances of the same item.</summary>
    public int Row { get; internal set; }

    public bool HasContent => Answers.Count > 0 || Children.Exists(c => c.HasContent);

    public IEnumerable<FilledItem> SelfAndBelow() => Children.SelectMany(c => c.SelfAndBelow()).Prepend(this);

    /// <summary>A new row of a group, with all that stands in it.</summary>
    internal static FilledItem Make(FormItem item, FilledItem? parent, int row = 0)
    {
        var made = new FilledItem(item, parent) { Row = row };
        foreach (var child in item.Items) made.Children.Add(Make(child, made));
        return made;
    }
}
