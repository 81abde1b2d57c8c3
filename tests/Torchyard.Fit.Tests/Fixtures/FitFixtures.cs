using System.Reflection;

namespace Torchyard.Fit.Tests.Fixtures;

/// <summary>Text files beside the tests.</summary>
internal static class FitFixtures
{
    public static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("fit." + name)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
