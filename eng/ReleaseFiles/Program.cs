using System.Globalization;
using Torchyard.ReleaseFiles;

try
{
    switch (args)
    {
        case ["notices", var sources, var file]:
            File.WriteAllText(file, LinkedSoftware.Notices(sources));
            return 0;
        case ["files", var version, var epoch, var sources, var program, var documents, var output]:
            var release = new Release
            {
                Version = version,
                Date = DateTimeOffset.FromUnixTimeSeconds(long.Parse(epoch, CultureInfo.InvariantCulture)),
                Sources = sources,
                Program = program,
                Documents = documents,
            };
            foreach (var (name, content) in ToolPackages.Of(release).Append(ProgramSbom.Of(release)))
            {
                File.WriteAllBytes(Path.Combine(output, name), content);
            }

            return 0;
        default:
            Console.Error.WriteLine(
                "usage: ReleaseFiles notices SOURCES FILE\n       ReleaseFiles files VERSION EPOCH SOURCES PROGRAM-DIRECTORY "
                    + "DOCUMENTS-DIRECTORY OUTPUT-DIRECTORY"
            );
            return 2;
    }
}
catch (Exception failure) when (failure is ReleaseException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"release: {failure.Message}");
    return 1;
}
