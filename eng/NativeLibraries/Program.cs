using Torchyard.NativeLibraries;

if (args is not [var pinFile, var directory])
{
    Console.Error.WriteLine("usage: NativeLibraries PINS DIRECTORY");
    return 2;
}

try
{
    await CacheDirectory.EnsureAsync(pinFile, Path.GetFullPath(directory), CancellationToken.None);
    return 0;
}
catch (Exception e) when (e is FetchException or IOException or UnauthorizedAccessException)
{
    // The form that MSBuild shows as an error of the build.
    Console.Error.WriteLine($"{pinFile} : error TYNATIVE: {e.Message}");
    return 1;
}
