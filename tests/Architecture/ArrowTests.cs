namespace Torchyard.Architecture;

/// <summary>The boundaries that docs/architecture.md draws, held over the sources.</summary>
public sealed class ArrowTests
{
    private static readonly ArrowTable Table = ArrowTable.Read();

    [Fact]
    public void The_table_has_no_way_back() => Findings.None(Table.Upwards());

    [Fact]
    public void Projects_use_only_what_the_table_allows() =>
        Findings.None(
            Forbidden(SourceModel.Current.Arrows.Where(arrow => arrow.Project != arrow.UsedProject), arrow =>
                (arrow.Project, arrow.UsedProject)
            )
        );

    [Fact]
    public void Folders_use_only_what_the_table_allows() =>
        Findings.None(
            Forbidden(SourceModel.Current.Arrows.Where(arrow => arrow.Project == arrow.UsedProject), arrow =>
                (arrow.Folder, arrow.UsedFolder)
            )
        );

    [Fact]
    public void The_table_allows_nothing_that_nobody_uses()
    {
        var used = SourceModel
            .Current.Arrows.SelectMany(arrow => new[] { (arrow.Project, arrow.UsedProject), (arrow.Folder, arrow.UsedFolder) })
            .ToHashSet();
        Findings.None(Table.Lines.SelectMany(line => line.Value.Select(one => (line.Key, one))).Except(used));
        Assert.Equal(
            SourceModel
                .Current.Files.SelectMany(file => new[] { Arrow.ProjectOf(file), Arrow.FolderOf(file) })
                .Distinct()
                .Order(StringComparer.Ordinal),
            Table.Lines.Keys.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Projects_refer_to_each_other_as_the_table_says()
    {
        var table = Table
            .Lines.Where(line => !line.Key.Contains('/', StringComparison.Ordinal))
            .ToDictionary(line => line.Key, line => line.Value);
        foreach (var (project, used) in table)
        {
            Findings.None(used.Except(ProjectReferences.All(project)).Select(one => $"{project} uses {one} without a reference"));
            Findings.None(
                ProjectReferences.Direct(project).Except(used).Select(one => $"{project} -> {one}: a reference that nothing uses")
            );
        }
    }

    [Fact]
    public void Internals_are_seen_only_along_an_arrow()
    {
        var projects = Table.Lines.Keys.Where(key => !key.Contains('/', StringComparison.Ordinal)).ToList();
        Assert.Contains("Torchyard.Images", ProjectReferences.Friends("Torchyard.Platform"));
        Findings.None(
            projects.SelectMany(project =>
                ProjectReferences
                    .Friends(project)
                    .Where(friend => !Table.Lines[friend].Contains(project))
                    .Select(friend => $"{friend} sees internals of {project} without an arrow")
            )
        );
    }

    [Fact]
    public void Every_file_is_in_a_room_and_its_namespace_says_which()
    {
        Assert.DoesNotContain(SourceModel.Current.Files, file => Arrow.FolderOf(file) == Arrow.ProjectOf(file));
        Findings.None(
            SourceModel.Current.Files.SelectMany(file =>
                SourceModel
                    .Current.NamespacesOf(file)
                    .Where(name => name != Arrow.FolderOf(file).Replace('/', '.'))
                    .Select(name => $"{file}: {name}")
            )
        );
    }

    [Theory]
    [InlineData("A:\nB: A", "")]
    [InlineData("A: B\nB: A", "A -> B")]
    [InlineData("[P]\nX:\nY: X Z\nZ: Y", "P/Y -> P/Z")]
    public void A_way_back_is_found(string table, string found) =>
        Assert.Equal(found, string.Join(", ", ArrowTable.Parse(table).Upwards()));

    private static IEnumerable<string> Forbidden(IEnumerable<Arrow> arrows, Func<Arrow, (string From, string To)> ends) =>
        arrows
            .Where(arrow => !Table.Lines.GetValueOrDefault(ends(arrow).From, []).Contains(ends(arrow).To))
            .Select(arrow => $"{arrow.File} uses {arrow.Type} of {arrow.UsedFolder}")
            .Distinct()
            .Order(StringComparer.Ordinal);
}
