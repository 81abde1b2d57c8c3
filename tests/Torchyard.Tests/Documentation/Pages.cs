namespace Torchyard.Tests.Documentation;

/// <summary>The pages that users read.</summary>
internal static class Pages
{
    public static TheoryData<string> All()
    {
        return
        [
            .. Directory
                .EnumerateFiles(SourceTree.Root, "*.md")
                .Concat(Directory.EnumerateFiles(SourceTree.At("docs"), "*.md", SearchOption.AllDirectories))
                .Select(file => Path.GetRelativePath(SourceTree.Root, file))
                // What changed in older versions names what they had; notes of one's own are not pages.
                .Where(page => page != "CHANGELOG.md" && !page.StartsWith("NOTE-", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
    }
}
