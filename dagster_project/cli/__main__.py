from dagster_project.cli.commands import main

main()
