"""The counts of the catalogues (``portal/counting.py``), and an index for each order of a list."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0013_public_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name="EntryChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("standing", models.CharField(max_length=6, verbose_name="状态")),
                ("place", models.CharField(max_length=12, verbose_name="区划")),
                ("level", models.CharField(blank=True, max_length=12, verbose_name="级别")),
                ("facets", models.CharField(blank=True, max_length=200, verbose_name="筛选项")),
                ("number", models.SmallIntegerField(verbose_name="增减")),
            ],
            options={
                "verbose_name": "计数变动",
                "verbose_name_plural": "计数变动",
            },
        ),
        migrations.CreateModel(
            name="EntryCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="类型")),
                ("standing", models.CharField(max_length=6, verbose_name="状态")),
                ("place", models.CharField(blank=True, max_length=12, verbose_name="区划")),
                ("level", models.CharField(blank=True, max_length=12, verbose_name="级别")),
                ("facets", models.CharField(blank=True, max_length=200, verbose_name="筛选项")),
                ("number", models.BigIntegerField(verbose_name="个数")),
            ],
            options={
                "verbose_name": "目录计数",
                "verbose_name_plural": "目录计数",
            },
        ),
        migrations.RemoveIndex(
            model_name="catalogueentry",
            name="entry_list",
        ),
        migrations.AddField(
            model_name="catalogueentry",
            name="facets",
            field=models.CharField(blank=True, max_length=200, verbose_name="筛选项"),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(fields=["-valid_from", "-id"], name="entry_newest"),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "-valid_from", "-id", "region", "level", "facets", "valid_to"],
                name="entry_by_day",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "code", "-id", "region", "level", "facets", "valid_from", "valid_to"],
                name="entry_by_code",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "region", "-valid_from", "-id", "level", "facets", "valid_to"],
                name="entry_by_region",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to", None)),
                fields=["kind", "facets", "level", "region", "-valid_from", "-id", "valid_to"],
                name="entry_by_facets",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("exit_reason", ""), _negated=True),
                fields=["kind", "-valid_from", "-id", "region", "level", "facets", "exit_reason"],
                name="entry_exited",
            ),
        ),
        migrations.AddIndex(
            model_name="catalogueentry",
            index=models.Index(
                condition=models.Q(("valid_to__isnull", False)),
                fields=["valid_to", "id", "kind"],
                name="entry_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="entrychange",
            index=models.Index(fields=["kind", "standing"], name="change_of_kind"),
        ),
        migrations.AddConstraint(
            model_name="entrycount",
            constraint=models.UniqueConstraint(
                fields=("kind", "standing", "place", "level", "facets"), name="count_once_a_cell"
            ),
        ),
    ]
